"""What schemathesis cannot know of this API: which refusals no shape can foresee, and what it must leave alone to go on at all."""

import os

import schemathesis
from schemathesis.specs.openapi.checks import RejectedPositiveData

# What is not there in a namespace without a way out: devices, Git servers, identity providers, a mail server. And passwords are read a
# few at a time, so that those who send many do not hold up everybody else.
OUTSIDE = (
    "devices_unreachable",
    "devices_unread",
    "git_unreachable",
    "git_failed",
    "git_timeout",
    "egress_unreachable",
    "identity_directory_unusable",
    "identity_busy",
    "mail_refused",
)

# What the document says in words, because no schema can.
RULES = ("holds a NUL character", "shows nothing", "one of them")
# The keys that the attacker goes about with, and whose they are: who ends them ends the attack.
SPARED = set(filter(None, os.environ.get("HOLDFAST_SPARED", "").split(",")))


@schemathesis.hook
def before_call(context, case, kwargs):
    for name, value in (case.path_parameters or {}).items():
        if value in SPARED:
            case.path_parameters[name] = "spared"


def code_of(response):
    try:
        return response.json()["code"]
    except (ValueError, KeyError, TypeError):
        return None


@schemathesis.hook
def filter_failure(context, failure, case, response):
    code = code_of(response)
    # A request of the right shape may be refused for what it says: a cursor of no list, a weak password, an ETag that moved.
    # It may not be refused for its shape.
    if isinstance(failure, RejectedPositiveData):
        return code in (None, "input_invalid", "internal") and not any(rule in response.text for rule in RULES)
    return not (response.status_code == 503 and code in OUTSIDE)
