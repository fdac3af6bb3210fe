"""The errors that a user of addersr can cause and can mend."""


class AdderSRError(Exception):
    """A mistake in the input or the environment; the message says what to do about it.

    The command line prints the message as one sentence and exits with a non-zero status.
    """
