"""Stored fits that were damaged: cut short, single bits the other way, stretches of zeros, texts in place of a file."""

from random import Random


def make(seed: int) -> str:
    rng = Random(f"stored {seed}")
    at = rng.randrange(10**7)
    way = rng.choice(["flipped"] * 4 + ["zeroed", "zeroed", "cut", "cut", "more", "other"])
    content = {
        "flipped": f"flipped(stored(), {', '.join(str(rng.randrange(10**7)) for _ in range(rng.choice([1, 1, 3])))})",
        "zeroed": f"zeroed(stored(), {at}, {rng.choice([1, 16, 512, 4096])})",
        "cut": f"stored()[:{at} % len(stored())]",
        "more": f"stored() + bytes({rng.choice([1, 1000])})",
        "other": rng.choice(
            ["b''", "b'CDF\\x01'", "b'\\x89HDF\\r\\n\\x1a\\n'", "d.to_csv().encode()", "bytes(2000)", "stored()[100:]"]
        ),
    }[way]
    return f"damaged({content})"
