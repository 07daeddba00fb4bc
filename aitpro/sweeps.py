"""Paths below DATA_DIR that the sweep skips."""

from privacy.evidence.sweep.files import leave_out

from .demo.seed import sign_ins_file

leave_out(sign_ins_file(), because="the demo's sign-ins, for whoever runs it")
