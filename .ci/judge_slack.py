"""What the tests said in Slack, judged by others: slack_sdk's models, and TypeScript with @slack/types.

    judge_slack.py sdk FOLDER          every message and view becomes slack_sdk's objects and comes back unchanged
    judge_slack.py types FOLDER FILE   writes a TypeScript file that compiles only if each fits its type
"""

import json
import sys
from pathlib import Path

TYPES = {"message": "KnownBlock[]", "modal": "ModalView", "home": "HomeView"}


def contents(folder):
    files = sorted(Path(folder).glob("*.json"))
    kinds = {file.name.split("-")[0] for file in files}
    missing = set(TYPES) - kinds
    if len(files) < 50 or missing:
        sys.exit(f"{folder} holds {len(files)} messages and views; missing: {missing or 'many'}")
    for file in files:
        yield file.name, file.name.split("-")[0], json.loads(file.read_text(encoding="utf-8"))


def differences(ours, theirs, where=""):
    """What slack_sdk dropped or changed: a field that it does not know is one that Slack does not take."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            if name not in theirs:
                yield f"{where}.{name} is unknown"
            else:
                yield from differences(value, theirs[name], f"{where}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(one, other, f"{where}[{number}]")
    elif ours != theirs:
        yield f"{where}: {ours!r} became {theirs!r}"


def sdk(folder):
    from slack_sdk.models.blocks import Block
    from slack_sdk.models.views import View

    wrong = count = 0
    for name, kind, content in contents(folder):
        count += 1
        try:
            if kind == "message":
                theirs = [block.to_dict() if block else None for block in Block.parse_all(content["blocks"])]
                ours = content["blocks"]
            else:
                ours, theirs = content, View(**content).to_dict()
            problems = list(differences(ours, theirs))
        except Exception as error:  # whatever it is, it is a verdict
            problems = [f"{type(error).__name__}: {error}"]
        for problem in problems[:5]:
            wrong += 1
            print(f"{name}: {problem}")
    print(f"slack_sdk judged {count} messages and views")
    return wrong


def types(folder, file):
    lines = [f"import type {{ {', '.join(sorted(t.strip('[]') for t in TYPES.values()))} }} from '@slack/types';"]
    for number, (_, kind, content) in enumerate(contents(folder)):
        value = content["blocks"] if kind == "message" else content
        lines.append(f"export const x{number}: {TYPES[kind]} = {json.dumps(value)};")
    Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} messages and views for tsc")
    return 0


if __name__ == "__main__":
    sys.exit(min({"sdk": sdk, "types": types}[sys.argv[1]](*sys.argv[2:]), 1))
