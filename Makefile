# A newcomer's commands: `make scan` audits the sample archive, `make test` passes the tests. Both set everything up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed

# Of each process that a test starts Python would compile our modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: scan test test-s3 check lint docs bench clean

scan: $(INSTALLED)
	$(BIN)/python examples/build_archive.py
	@# Status 3: complete, and some items could not be examined. The archive holds broken files, so that is right here.
	$(BIN)/aiqyn scan examples/archive --store examples/store --context examples/published.csv; status=$$?; test $$status -eq 0 -o $$status -eq 3
	$(BIN)/aiqyn query --store examples/store \
	  "SELECT regexp_extract(concat_ws('!/', uri, member_path), 'archive/(.*)', 1) AS file, media_type, outcome, reason, frames_examined AS frames, score FROM items_latest ORDER BY uri, member_path NULLS FIRST"
	$(BIN)/aiqyn query --store examples/store \
	  "SELECT regexp_extract(concat_ws('!/', uri, member_path), 'archive/(.*)', 1) AS file, kind, says, class, locator FROM item_marks ORDER BY ALL"
	$(BIN)/aiqyn query --store examples/store \
	  "SELECT regexp_extract(concat_ws('!/', uri, member_path), 'archive/(.*)', 1) AS file, policy, outcome, synthesis, machine_mark, visible_warning FROM verdicts_latest WHERE synthesis <> 'no_sign' AND outcome <> 'not_assessable' ORDER BY ALL"

test: $(INSTALLED)
	@# ExifTool checks the readers of metadata, libarchive reads 7z, Chromium shows the pages. Where one is not, and may
	@# not be installed, its tests are skipped.
	@test "$$(id -u)" -ne 0 || { command -v exiftool && command -v chromium && ldconfig -p | grep -F libarchive.so.13; } >/dev/null || { \
	  export DEBIAN_FRONTEND=noninteractive; apt="timeout 300 apt-get -q -y install"; \
	  get="$$apt --no-install-recommends libimage-exiftool-perl chromium && { $$apt libarchive13 || $$apt libarchive13t64; }"; \
	  sh -c "$$get" || { timeout 120 apt-get -q update && sh -c "$$get"; }; \
	} >/dev/null 2>&1 || echo "ExifTool, Chromium or libarchive could not be installed."
	@# File by file, in their order, so that what a file prepares is prepared once, and the files of small tests are last.
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# Scans, rescans, kills, interruptions and parts once more, with source and store on S3 behind a proxy that fails.
test-s3: $(INSTALLED)
	$(BIN)/pytest --numprocesses auto --dist loadfile --everywhere -k s3

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

# Pages that are made: the tests fail where one is stale.
docs: $(INSTALLED)
	$(BIN)/python -m pipelines.reference docs
	$(BIN)/python examples/answers.py
	$(BIN)/python -m benchmarks.readme
	$(BIN)/python benchmarks/capacity.py

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks.sides --corpus pictures --leg decode+model
	$(BIN)/python -m benchmarks.sides --corpus videos --leg decode+model
	$(BIN)/python -m benchmarks.sides --corpus pictures --leg row
	$(BIN)/python -m benchmarks.rescan
	$(BIN)/python benchmarks/flat.py
	$(BIN)/python benchmarks/judge.py
	$(BIN)/python benchmarks/plan.py
	$(BIN)/python benchmarks/marks.py
	$(BIN)/python -m benchmarks.readme
	$(BIN)/python benchmarks/work.py

clean:
	rm -rf examples/archive examples/store benchmarks/out

# The stamp is newer than pyproject.toml exactly when what it pins is installed; so a second run installs nothing.
$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[heic,av1,archives,samples,dev]'
	@touch $@
