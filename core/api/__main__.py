"""python -m core.api PORT: serve the workspace of $UPSWING_WORKSPACE on the loopback address."""

from __future__ import annotations

import sys

import uvicorn

from core.api.app import application
from core.api.token import token
from core.serve import HOST
from core.workspace import Workspace

if __name__ == "__main__":
    workspace = Workspace.at()
    uvicorn.run(application(workspace, token(workspace)), host=HOST, port=int(sys.argv[1]), log_level="warning", access_log=False)
