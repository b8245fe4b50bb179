"""What a run of random calls must have covered, as the issue about the microkernel asks for it: of
10^6 calls at least so many succeed and wait, each call and each pair of call and error occurs.  A
shorter run needs its share.
"""

import re

from abi import CALLS

MILLION = 1_000_000
LEAST_SUCCESS, LEAST_BLOCKED = 40, 15  # per cent
LEAST_OF_CALL, LEAST_OF_PAIR = 5_000, 100  # of a million
SHORT_SHARE = 0.4  # of a shorter run's share: ten of a hundred thousand may well be five

NO_MEMORY = "the machine's memory is not used up, and no frame has 1,024 mappings"
# Pairs that random calls do not come to.  The in-system tests have each that can occur at all.
NEVER = {(name, "ENOMEM"): NO_MEMORY for name, call in CALLS.items() if "ENOMEM" in call.errors} | {
    ("notify", "EINVAL"): "every value of its arguments is a good one",
    ("handle_drop", "EDEAD"): "a handle to what has ended is dropped",
    ("sys_ctl", "EDEAD"): "the system never ends",
}
# Pairs that are rarer, and why: how many of a million are asked for.
RARE = {
    ("ipc_reply_recv", "ENOSLOT"): (20, "another thread fills the slot while the call waits"),
    ("ipc_reply_recv", "ETIMEDOUT"): (20, "its answer must succeed first, and nobody send"),
    ("irq_ctl", "EDEAD"): (20, "the notification ends, and two arguments more are good"),
    ("timer_set", "EDEAD"): (20, "the notification ends, and who has a handle sets the timer"),
}


def least_of_pair(name, error):
    return RARE.get((name, error), (LEAST_OF_PAIR,))[0]


def errors_seen(text):
    """{(call, error): how often} as the conductor prints it; "none" is success."""
    seen = {}
    for name, rest in re.findall(r"^model: errors of (\w+):(.*)$", text, re.M):
        for error, times in re.findall(r"(\w+) (\d+)", rest):
            seen[name, error] = int(times)
    return seen


def lacking(count, succeeded, blocked, calls):
    """What a run of so many calls lacks, as lines; pairs apart."""
    if 100 * succeeded < LEAST_SUCCESS * count:
        yield f"only {100 * succeeded / count:.1f} % succeed, not {LEAST_SUCCESS}"
    if 100 * blocked < LEAST_BLOCKED * count:
        yield f"only {100 * blocked / count:.1f} % wait, not {LEAST_BLOCKED}"
    for name, times in calls.items():
        if times * MILLION < LEAST_OF_CALL * count:
            yield f"{name} occurs {times} times of {count}"


def lacking_pairs(count, seen):
    """Pairs that occur too seldom, and those that occur though they are said not to."""
    share = 1 if count >= MILLION else SHORT_SHARE
    for name, call in CALLS.items():
        for error in call.errors:
            times = seen.get((name, error), 0)
            if (name, error) in NEVER:
                if times:
                    yield f"{name} {error} occurs, though {NEVER[name, error]}"
            elif times * MILLION < least_of_pair(name, error) * count * share:
                yield f"{name} {error} occurs {times} times of {count}"
