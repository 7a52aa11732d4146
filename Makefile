# `make` lists the commands. Each does all of its own set-up.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Of Slipway's own tests and linters: their packages exclude none of the site's.
OWN := .venv-slipway/bin

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/demo ## the whole path on this machine, without any account (ONCE=1: prove it and end; FULL=1: the full proof)
	@rehearsal/system.sh chromium:chromium
	@$(BIN)/python -m rehearsal.demo $(if $(ONCE),--once) $(if $(FULL),--full)

# What a rehearsal needs from the system, and a machine of each kind.
rehearsal = chromium:chromium certutil:libnss3-tools pebble:pebble mmdebstrap:mmdebstrap mke2fs:e2fsprogs ssh:openssh-client
qemu = qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils newuidmap:uidmap
container = systemd-nspawn:systemd-container slirp4netns:slirp4netns lxcfs:lxcfs ip:iproute2
machine = $(if $(MACHINE),--machine "$(MACHINE)") $(if $(OS),--os "$(OS)")

rehearse: .venv/bin/uv ## make deploy itself against a throwaway 512 MB machine, proved (MACHINE=container, OS=bookworm, RESUME=1, STRESS=1, ALARMS=1, DISASTER=1, KEEP=1)
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),qemu))
	@$(MAKE) --no-print-directory --jobs=2 image .venv/rehearse
	@$(BIN)/python -m rehearsal.rehearse $(machine) $(if $(RESUME),--resume) $(if $(STRESS),--stress) $(if $(ALARMS),--alarms) $(if $(DISASTER),--disaster) $(if $(KEEP),--keep)

restore-drill: .venv/bin/uv ## restore the newest backup on a throwaway machine, compare each table, prove the site (MACHINE=, OS=)
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),qemu))
	@$(MAKE) --no-print-directory .venv/rehearse
	@$(BIN)/python -m rehearsal.restore_drill $(machine)

rehearse-all: .venv/bin/uv ## every step of it on both Debian releases, before a version; again: goes on from the last step that held
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),qemu))
	@$(MAKE) --no-print-directory .venv/rehearse
	@$(BIN)/python -m rehearsal.rehearse_all $(if $(MACHINE),--machine "$(MACHINE)")
	@for os in bookworm trixie; do $(MAKE) --no-print-directory drills MACHINE="$(or $(MACHINE),qemu)" OS=$$os || exit; done

drills: .venv/bin/uv .venv-slipway/dev ## play faults on a throwaway machine under load: a table, a page (ONLY=6,13-17, LIST=1, MACHINE=, OS=)
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),container)) nginx:nginx-light initdb:postgresql pgbackrest:pgbackrest zstd:zstd openssl:openssl
	@$(MAKE) --no-print-directory .venv/rehearse
	@$(BIN)/python -m rehearsal.drills.play --machine "$(or $(MACHINE),container)" $(if $(OS),--os "$(OS)") $(if $(ONLY),--only "$(ONLY)") $(if $(LIST),--list)

# The machine's disk needs none of the packages, so that it is made while they are installed.
image: .venv/bin/uv
	@rehearsal/system.sh mmdebstrap:mmdebstrap mke2fs:e2fsprogs ssh:openssh-client $($(or $(MACHINE),qemu))
	@$(BIN)/python -m rehearsal.machine $(machine) image

test: .venv/test ## run your project's own tests and the checks of a deploy (ARGS=… goes to its test runner)
	@$(BIN)/python -m slipway.tool test -- $(ARGS)

test-slipway: .venv-slipway/dev ## run Slipway's own unit and integration tests (ARGS=… goes to pytest)
	@rehearsal/system.sh chromium:chromium nginx:nginx-light initdb:postgresql pgbackrest:pgbackrest zstd:zstd openssl:openssl certutil:libnss3-tools pebble:pebble npm:npm
	@$(OWN)/python -m pytest $(ARGS)

dev: .venv/demo ## the ordinary runserver loop: autoreload, assets unbundled, no bucket
	@$(BIN)/python -m slipway.tool dev $(PORT)

adopt: .venv/deploy ## take a Django project into project/, FROM=../mysite, and say what to decide (alone: judge what is there)
	@$(BIN)/python -m slipway.tool adopt $(if $(FROM),--from "$(FROM)")
	@$(MAKE) --no-print-directory .venv/test
	@$(BIN)/python -m slipway.tool adopt --judge

init: .venv/deploy ## fill in site.yml by asking, and make the secrets (ARGS="--domain … --yes" asks nothing)
	@$(BIN)/python -m slipway.tool init $(ARGS)

secrets: .venv/deploy ## open the vaulted secrets in your editor
	@$(BIN)/python -m slipway.tool secrets

rotate: .venv/deploy ## give the live site another SECRET=SECRET_KEY, web, backup, vault … (alone: list them; END=1: forget the old SECRET_KEY)
	@$(BIN)/python -m slipway.tool rotate $(if $(SECRET),"$(SECRET)") $(if $(END),--end)

cdn: .venv/deploy ## show a plan, then make or repair buckets, certificate and CDN hosts (CHECK=1: only name what drifted)
	@$(BIN)/python -m slipway.tool cdn $(if $(CHECK),--check)

destroy: .venv/deploy ## take away what make cdn made; asks first, and about uploads and backups again (YES=1, MEDIA=1, BACKUPS=1: does not)
	@$(BIN)/python -m slipway.tool destroy $(if $(YES),--yes) $(if $(MEDIA),--media) $(if $(BACKUPS),--backups)

escrow: .venv/deploy ## print what opens the backups, for paper (PIPE=1: to a printer)
	@$(BIN)/python -m slipway.tool escrow $(if $(PIPE),--pipe)

purge: .venv/deploy ## take PATHS="/favicon.ico …" out of the CDN's caches, for emergencies
	@$(BIN)/python -m slipway.tool purge $(PATHS)

build: .venv/deploy ## build the front end alone, by `build` in site.yml; a deploy does it by itself (BUILT=1: does not)
	@$(BIN)/python -m slipway.tool build

deploy: .venv/deploy ## bring the site to its server (CHECK=1, PROVISION=1, ALLOW_UNSAFE=1, NO_SMOKE=1, TAKE_OVER=1; of an empty database RESTORE=latest, a time, or no)
	@rehearsal/system.sh chromium:chromium ssh:openssh-client
	@$(BIN)/python -m slipway.tool deploy $(if $(CHECK),--check) $(if $(PROVISION),--provision) $(if $(ALLOW_UNSAFE),--allow-unsafe) $(if $(NO_SMOKE),--no-smoke) $(if $(TAKE_OVER),--take-over) $(if $(BUILT),--built) $(if $(RESTORE),--restore "$(RESTORE)") $(if $(AS_OF),--as-of "$(AS_OF)")

move: .venv/deploy ## move the site with its database to another server, TO=its address (YES=1: asks nothing; END=1: after DNS has changed)
	@$(BIN)/python -m slipway.tool move $(if $(TO),--to "$(TO)") $(if $(END),--end) $(if $(YES),--yes)

restore: .venv/deploy ## restore the database from its backups; asks first (TO=a time in UTC; AS_OF=, GENERATION=, BACKUP=, BACK=1, UPLOADS=1: docs/backups.md)
	@$(BIN)/python -m slipway.tool restore $(if $(TO),--to "$(TO)") $(if $(AS_OF),--as-of "$(AS_OF)") $(if $(GENERATION),--generation "$(GENERATION)") $(if $(BACKUP),--backup "$(BACKUP)") $(if $(BACK),--back) $(if $(UPLOADS),--uploads) $(if $(YES),--yes "$(YES)")

rollback: .venv/deploy ## let an earlier release serve again (TO=the beginning of its id)
	@$(BIN)/python -m slipway.tool rollback $(if $(TO),--to "$(TO)")

releases: .venv/deploy ## list the releases on the server
	@$(BIN)/python -m slipway.tool releases

maintenance: .venv/deploy ## close the site with its 503 page (ON=1), open it again (OFF=1), or say which it is
	@$(BIN)/python -m slipway.tool maintenance $(if $(ON),--on) $(if $(OFF),--off)

status: .venv/deploy ## how the server and its site are; exit status 1 when anything is wrong
	@$(BIN)/python -m slipway.tool status

alarm: .venv/deploy ## send a test to each receiver of alarms, and say what happened
	@$(BIN)/python -m slipway.tool alarm

backup: .venv/deploy ## back the database up now (KIND=diff: what changed since the last full one)
	@$(BIN)/python -m slipway.tool backup $(if $(KIND),--kind "$(KIND)")

logs: .venv/deploy ## follow what site, nginx and PostgreSQL write (UNIT=access: that alone; ERRORS=1: the last exceptions, whole)
	@$(BIN)/python -m slipway.tool logs $(if $(UNIT),--unit "$(UNIT)") $(if $(ERRORS),--errors) $(ARGS)

shell: .venv/deploy ## Django's shell on the server (COMMAND="createsuperuser" runs another command)
	@$(BIN)/python -m slipway.tool shell $(if $(COMMAND),--command "$(COMMAND)")

db: .venv/deploy ## psql on the site's database (COMMAND=dump: to FILE=, COMMAND=load: from FILE=, COMMAND=pull: into yours)
	@$(BIN)/python -m slipway.tool db $(COMMAND) $(if $(FILE),--file "$(FILE)") $(if $(YES),--yes)

backups: .venv/deploy ## list the backups and the times that can be restored, from the bucket alone; exit status 1 when anything is wrong
	@$(BIN)/python -m slipway.tool backups

audit: .venv/deploy .venv-audit/audit ## judge the deployed server by testssl.sh, Lynis, gixy, systemd-analyze, check --deploy, pip-audit and ss (ONLY="lynis")
	@$(BIN)/python -m slipway.tool audit $(if $(ONLY),--only "$(ONLY)")

jobs: .venv/deploy ## the jobs of site.yml: how each ended, when it runs next; exit status 1 when one has failed (RUN=name: run it now)
	@$(BIN)/python -m slipway.tool jobs $(if $(RUN),--run "$(RUN)")

prune: .venv/deploy ## delete the static objects that no kept release names (CHECK=1: list them)
	@$(BIN)/python -m slipway.tool prune $(if $(CHECK),--check)

unlock: .venv/deploy ## end a deploy lock whose holder is gone
	@$(BIN)/python -m slipway.tool unlock

smoke: .venv/demo ## prove that no static request reaches the origin of SITE=https://…
	@rehearsal/system.sh chromium:chromium
	@$(BIN)/python -m static_smoke --site "$(SITE)" --source project $(ARGS)

bench-push: .venv/demo ## time the push beside six other ways to fill a bucket (ARGS="--quick")
	@$(BIN)/python -m tests.bench.push $(ARGS)

bench-hosts: .venv/demo ## measure what a static host of its own gains a page (ARGS="--runs 7")
	@rehearsal/system.sh chromium:chromium nginx:nginx-light openssl:openssl
	@$(BIN)/python -m tests.bench.hosts $(ARGS)

bench-backup: .venv/bin/uv ## lose a server under load at random moments, restore it on a bare one each time; goes on where it was stopped (MACHINE=, OS=, ARGS="--kills 10 --again")
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),qemu))
	@$(MAKE) --no-print-directory .venv/rehearse
	@$(BIN)/python -m tests.bench.backup.kills $(machine) $(ARGS)

bench-deploy: .venv/bin/uv ## time a code-only deploy beside a bare script over SSH: tar, migrate, restart (ARGS="--rounds 9", "--up")
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),qemu))
	@$(MAKE) --no-print-directory .venv/rehearse
	@$(BIN)/python -m tests.bench.deploy $(machine) $(ARGS)

bench-memory: .venv/demo ## measure what a web process weighs, and what an upload adds
	@$(BIN)/python -m tests.bench.memory

lint: .venv-slipway/dev ## ruff, djlint, zizmor and ansible-lint
	@$(OWN)/ruff check . && $(OWN)/ruff format --check . && $(OWN)/djlint --quiet --check --lint project deploy tests/site
	@$(OWN)/zizmor --offline --quiet .github
	@cd ansible && ../$(OWN)/ansible-lint -q

format: .venv-slipway/dev ## let ruff and djlint put the code in form
	@$(OWN)/ruff check --fix . ; $(OWN)/ruff format . ; $(OWN)/djlint --quiet --reformat project deploy tests/site

lock: .venv/bin/uv ## resolve project/requirements.in with what Slipway needs, into project/lock (ARGS=--upgrade: newest versions)
	@$(BIN)/python -m slipway.tool.requirements.lock $(ARGS)

lock-slipway: .venv/bin/uv ## resolve what Slipway ships: requirements.txt and requirements/*.txt
	@$(BIN)/python -m slipway.tool.requirements.lock --shipped $(ARGS)

# What a venv imports from this checkout: slipway and static_smoke.
paths = printf '../../../../%s\n' deploy tests/smoke > $$(echo $(1)/lib/python*/site-packages)/slipway.pth

# A venv with uv in it, which then installs the rest.
.venv/bin/uv .venv-slipway/bin/uv .venv-audit/bin/uv: venv = $(@:/bin/uv=)
.venv/bin/uv .venv-slipway/bin/uv .venv-audit/bin/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "slipway: Python 3.11 or newer is needed, $(PYTHON) is older; name one with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || rehearsal/system.sh ensurepip:python3-venv
	@$(PYTHON) -m venv $(venv)
	@$(call paths,$(venv))
	@$(venv)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --only-binary :all: -r $<
	@touch $@

# Ansible's collections are read as text: to compile them would take longer than to install all the rest.
install = echo "slipway: installing $(2) into $(1)" && \
  $(call paths,$(1)) && \
  $(1)/bin/python -m slipway.tool.requirements.install $(2) && \
  { $(1)/bin/python -m compileall -qq -j 0 -x ansible_collections $(1)/lib || true; }

# Each stamp is newer than what asks for its packages and than their lock file, the site's own where there is one.
site = requirements/web.in requirements/build.in $(wildcard project/requirements*.in project/lock/*.txt)

.venv/deploy: $(site) requirements.in requirements.txt tests/smoke/pyproject.toml | .venv/bin/uv
	@$(call install,.venv,deploy)
	@touch $@

.venv/demo: $(site) requirements/demo.in requirements/demo.txt tests/smoke/pyproject.toml | .venv/bin/uv
	@$(call install,.venv,demo)
	@touch $@

.venv/rehearse: $(site) requirements.in requirements.txt requirements/demo.in requirements/demo.txt tests/smoke/pyproject.toml | .venv/bin/uv
	@$(call install,.venv,deploy demo)
	@touch $@ .venv/deploy .venv/demo

.venv/test: $(site) requirements/test.in requirements/test.txt | .venv/bin/uv
	@$(call install,.venv,test)
	@touch $@

.venv-slipway/dev: requirements/dev.txt tests/smoke/pyproject.toml | .venv-slipway/bin/uv
	@$(call install,.venv-slipway,requirements/dev.txt)
	@touch $@

.venv-audit/audit: requirements/audit.txt | .venv-audit/bin/uv
	@$(call install,.venv-audit,requirements/audit.txt)
	@touch $@

.PHONY: help adopt jobs alarm db backup build image rehearse rehearse-all cdn destroy purge deploy move maintenance restore rollback releases prune backups status logs shell unlock demo test test-slipway dev init secrets smoke bench-push bench-hosts bench-memory bench-deploy lint format lock lock-slipway bench-backup restore-drill escrow audit rotate drills
