"""Maximum likelihood of mixed models for counts, the group effects integrated out by Laplace's approximation.

    eta = X beta + Z Lambda u + offset,    u ~ N(0, I)
    criterion(beta, theta) = -2 log p(y | u~) + u~'u~ + log |I + Lambda'Z'WZ Lambda|

u~ is the mode of u given y, W the expected (Fisher) weights there, as in lme4's glmer with nAGQ = 1.
Begin with `estimate`. The rest builds up in the order likelihood, incidence, curvature, criterion, frame;
`boundary_search` finds the minimum.
"""
