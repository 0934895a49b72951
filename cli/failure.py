"""How a command fails: one clear message and an exit code; a traceback only for a defect of Atelier."""

from __future__ import annotations

import errno

from cli.exit_codes import ExitCode


class CommandFailed(Exception):
    """A command that cannot be carried out; the message says what to do about it."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code


def explain(error: BaseException) -> tuple[str, ExitCode] | None:
    """Message and exit code for an error that a person can act on; None for a defect of Atelier.

    Imports what it recognises only now: a command that succeeds must not pay for it.
    """
    from botocore import exceptions as botocore_errors

    from atelier.errors import AccessRefused, AtelierError, InvalidRun, UnknownRun, UnsupportedCombination
    from client.errors import ClientFailed, InvalidRequest, NotReachable
    from config import InvalidConfiguration

    match error:
        case CommandFailed():
            return str(error), error.code
        case InvalidRun() | UnsupportedCombination() | InvalidConfiguration() | InvalidRequest():
            return str(error), ExitCode.INVALID
        case UnknownRun() | AccessRefused() | NotReachable():
            return str(error), ExitCode.UNREACHABLE
        case AtelierError() | ClientFailed():
            return str(error), ExitCode.FAILED
        case RuntimeError() if type(error).__module__.startswith("localcloud."):
            # Only commands of the embedded cloud import its package; the error's own module says whose it is.
            return str(error), ExitCode.FAILED
        case botocore_errors.NoCredentialsError() | botocore_errors.CredentialRetrievalError():
            return f"no AWS credentials: {error}. Sign in, or set AWS_PROFILE", ExitCode.UNREACHABLE
        case botocore_errors.SSOError() | botocore_errors.ProfileNotFound():
            return f"AWS credentials: {error}", ExitCode.UNREACHABLE
        case botocore_errors.HTTPClientError() | botocore_errors.ConnectionError():
            return f"no answer: {error}", ExitCode.UNREACHABLE
        case botocore_errors.ClientError():
            return _explain_client_error(error)
        case OSError(strerror=str(reason), filename=str(name)):
            return f"{name}: {reason}", ExitCode.FAILED
        case OSError(errno=errno.ENOSPC | errno.EDQUOT, strerror=str(reason)):
            return f"cannot write: {reason}", ExitCode.FAILED
        case _:
            return None


_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "UnrecognizedClientException",
}


def _explain_client_error(error: BaseException) -> tuple[str, ExitCode]:
    from lambdas.adapters.client_errors import error_code

    code = error_code(error)  # type: ignore[arg-type]
    if code in _EXPIRED:
        return f"AWS does not accept the credentials ({code}): sign in again", ExitCode.UNREACHABLE
    return str(error), ExitCode.FAILED
