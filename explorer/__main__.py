"""``python -m explorer`` is ``referred-pain``."""

from explorer.cli import main

raise SystemExit(main())
