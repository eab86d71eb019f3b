"""The ``ensweep`` command. It parses first, and imports torch, Ray and pandas only for the command that needs them.

Data goes to stdout, everything else to stderr; every command takes ``--json``.
"""

import sys
import traceback

import click

from orchestrator.base import places

try:
    from orchestrator.commands import claims, machine, reports, stores, sweeps
    from orchestrator.driver import signals
    from specs.errors import EnsweepError, Exit
except ImportError:  # another package of that name may be in the way
    if conflict := places.conflict():
        click.echo(f"error: {conflict}", err=True)
        sys.exit(2)
    raise


def main() -> None:
    """Run the command line and end with the product's exit codes."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = Exit.USAGE
    except signals.InterruptedBySignal as interruption:
        signals.end_now(interruption.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = Exit.SIGINT
    except BrokenPipeError:
        sys.stderr.close()
        code = Exit.UNEXPECTED
    except Exception as error:
        code = _explain(error)
    sys.exit(code or Exit.COMPLETE)


def _explain(error: Exception) -> Exit:
    """Say what the user can mend in a line; show everything else as the defect it is, without secrets."""
    if isinstance(error, EnsweepError):
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    if isinstance(error, ImportError) and (conflict := places.conflict()):
        click.echo(f"error: {conflict}", err=True)
        return Exit.USAGE
    from orchestrator.base.redaction import redact

    click.echo(redact("".join(traceback.format_exception(error))), err=True)
    return Exit.UNEXPECTED


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ensweep")
def cli() -> None:
    """Should these networks be trained as one system or as an ensemble?

    SPEC is a YAML file, a catalogue name such as smoke/digits, or - for standard input. STORE is what holds a sweep's
    results: a folder or s3://bucket/prefix.
    """


for _command in (
    sweeps.run,
    sweeps.plan,
    sweeps.validate,
    sweeps.list_specs,
    stores.status,
    reports.report,
    claims.claims,
    reports.export,
    reports.compare,
    stores.verify,
    stores.repro,
    stores.gc,
    machine.doctor,
):
    cli.add_command(_command)
