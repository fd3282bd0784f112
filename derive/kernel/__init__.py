"""What makes equations: the only code that must be right for ``proved``. Standard library only; read it in this order:

``terms``, ``polynomials``, ``wellformed``, ``definedness`` (what is said, and when it has a meaning), ``local_sums``,
``unfolding``, ``reading``, ``samples`` (what it is), ``closure``, ``products`` (when it is 0), ``contexts``,
``equations`` (what follows). Everything else in derive searches, and asks these files.
"""
