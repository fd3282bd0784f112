"""The bundled proofs by one name, in a checkout and installed: ``derive.proofs.policy_gradient``."""

from derive.checking.proof_files import bundled

__path__ = [str(bundled())]
