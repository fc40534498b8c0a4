"""File names and paths of `save`, `load`, `read_table`, cards and results folders."""

from random import Random

PATHS = (
    "None", "1", "1.5", "b'fit.nc'", "''", "'.'", "'..'", "'/'", "'a\\0b.nc'", "'x' * 300 + '.nc'",
    "'x/' * 2000 + 'a.nc'", "'~nosuchuser/fit.nc'", "'~'", "where", "where / 'nosuch' / 'fit.nc'",
    "where / 'd.csv' / 'fit.nc'", "'/proc/x'", "'/proc/self/mem'", "'/dev/null/x'", "'/dev/null'",
    "'/dev/full'", "'\\ud800.nc'", "'\\n.nc'", "'a b.nc'", "'$HOME.nc'", "'-rf'", "['fit.nc']", "{'a': 1}",
    "nan", "d", "Path('fit.nc')", "object()", "'fit'", "'fit.csv'", "'fit.nc/'", "'*.nc'",
    "'../../../../../../proc/x.nc'", "'http://localhost/x.nc'", "'s3://x/y.nc'", "'con.nc'", "'.nc'",
    "'\\xe9\\u65e5\\U0001f389.nc'", "True", "'loop.nc'", "'dangling.nc'", "'closed/fit.nc'",
)  # fmt: skip
CALLS = (
    "bm.save(fitted('gaussian'), {})",
    "bm.save(fitted('gaussian'), {})",
    "bm.load({})",
    "bm.read_table({})",
    "read_card({})",
    "run_card(where / 'card.toml', {}, progress=False, show=lambda _: None)",
    "bm.load_data({})",
)
CARD = (
    "[data]\nsource='Dyestuff'\n[model]\nformula='Yield ~ 1 + (1 | Batch)'\n[sampler]\ndraws=20\nseed=1\n"
    "[report]\npictures=[]\n"
)
ODD_FILES = (
    f"(where / 'card.toml').write_text({CARD!r}); (where / 'd.csv').write_text('y'); "
    "os.symlink('loop.nc', where / 'loop.nc'); os.symlink('nosuch/x', where / 'dangling.nc'); "
    "(where / 'closed').mkdir(mode=0o500)"
)


def make(seed: int) -> str:
    rng = Random(f"paths {seed}")
    call = rng.choice(CALLS)
    files = f"{ODD_FILES}; " if any(word in call for word in ("run_card",)) or rng.random() < 0.3 else ""
    return f"with folder() as where: {files}{call.format(rng.choice(PATHS))}"
