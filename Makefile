# `make` lists the commands. Each does all of its own set-up.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/demo ## the whole path on this machine, without any account (ONCE=1: prove it and end)
	@rehearsal/system.sh chromium:chromium
	@$(BIN)/python -m rehearsal.demo $(if $(ONCE),--once)

# What a rehearsal needs from the system, and a machine of each kind.
rehearsal = chromium:chromium certutil:libnss3-tools pebble:pebble mmdebstrap:mmdebstrap mke2fs:e2fsprogs ssh:openssh-client
qemu = qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils newuidmap:uidmap
container = systemd-nspawn:systemd-container slirp4netns:slirp4netns lxcfs:lxcfs ip:iproute2
machine = $(if $(MACHINE),--machine "$(MACHINE)") $(if $(OS),--os "$(OS)")

rehearse: .venv/pip ## make deploy itself against a throwaway 512 MB machine, proved (MACHINE=container, OS=bookworm, RESUME=1, STRESS=1, KEEP=1)
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),qemu))
	@$(MAKE) --no-print-directory --jobs=2 image .venv/deploy
	@$(BIN)/python -m rehearsal.rehearse $(machine) $(if $(RESUME),--resume) $(if $(STRESS),--stress) $(if $(KEEP),--keep)

rehearse-all: .venv/pip ## every step of it on both Debian releases, before a version; again: goes on from the last step that held
	@rehearsal/system.sh $(rehearsal) $($(or $(MACHINE),qemu))
	@$(MAKE) --no-print-directory .venv/deploy
	@$(BIN)/python -m rehearsal.rehearse_all $(if $(MACHINE),--machine "$(MACHINE)")

# The machine's disk needs none of the packages, so that it is made while they are installed.
image: .venv/pip
	@rehearsal/system.sh mmdebstrap:mmdebstrap mke2fs:e2fsprogs ssh:openssh-client $($(or $(MACHINE),qemu))
	@$(BIN)/python -m rehearsal.machine $(machine) image

test: .venv/dev ## run your project's own tests and the checks of a deploy (ARGS=… goes to its test runner)
	@$(BIN)/python -m slipway.tool test -- $(ARGS)

test-slipway: .venv/dev ## run Slipway's own unit and integration tests (ARGS=… goes to pytest)
	@rehearsal/system.sh chromium:chromium nginx:nginx-light initdb:postgresql openssl:openssl certutil:libnss3-tools pebble:pebble
	@$(BIN)/python -m pytest $(ARGS)

dev: .venv/demo ## the ordinary runserver loop: autoreload, assets unbundled, no bucket
	@$(BIN)/python -m slipway.tool dev $(PORT)

init: .venv/deploy ## fill in site.yml by asking, and make the secrets (ARGS="--domain … --yes" asks nothing)
	@$(BIN)/python -m slipway.tool init $(ARGS)

secrets: .venv/deploy ## open the vaulted secrets in your editor
	@$(BIN)/python -m slipway.tool secrets

cdn: .venv/deploy ## show a plan, then make or repair buckets, certificate and CDN hosts (CHECK=1: only name what drifted)
	@$(BIN)/python -m slipway.tool cdn $(if $(CHECK),--check)

destroy: .venv/deploy ## take away what make cdn made; asks first, and about the uploads again (YES=1, MEDIA=1: does not)
	@$(BIN)/python -m slipway.tool destroy $(if $(YES),--yes) $(if $(MEDIA),--media)

purge: .venv/deploy ## take PATHS="/favicon.ico …" out of the CDN's caches, for emergencies
	@$(BIN)/python -m slipway.tool purge $(PATHS)

deploy: .venv/deploy ## bring the site to its server (CHECK=1, PROVISION=1, ALLOW_UNSAFE=1, NO_SMOKE=1, TAKE_OVER=1)
	@rehearsal/system.sh chromium:chromium ssh:openssh-client
	@$(BIN)/python -m slipway.tool deploy $(if $(CHECK),--check) $(if $(PROVISION),--provision) $(if $(ALLOW_UNSAFE),--allow-unsafe) $(if $(NO_SMOKE),--no-smoke) $(if $(TAKE_OVER),--take-over)

rollback: .venv/deploy ## let an earlier release serve again (TO=the beginning of its id)
	@$(BIN)/python -m slipway.tool rollback $(if $(TO),--to "$(TO)")

releases: .venv/deploy ## list the releases on the server
	@$(BIN)/python -m slipway.tool releases

status: .venv/deploy ## how the server and its site are; exit status 1 when anything is wrong
	@$(BIN)/python -m slipway.tool status

logs: .venv/deploy ## follow what site, nginx and PostgreSQL write (UNIT=access: that alone)
	@$(BIN)/python -m slipway.tool logs $(if $(UNIT),--unit "$(UNIT)") $(ARGS)

shell: .venv/deploy ## Django's shell on the server (COMMAND="createsuperuser" runs another command)
	@$(BIN)/python -m slipway.tool shell $(if $(COMMAND),--command "$(COMMAND)")

prune: .venv/deploy ## delete the static objects that no kept release names (CHECK=1: list them)
	@$(BIN)/python -m slipway.tool prune $(if $(CHECK),--check)

unlock: .venv/deploy ## end a deploy lock whose holder is gone
	@$(BIN)/python -m slipway.tool unlock

smoke: .venv/demo ## prove that no static request reaches the origin of SITE=https://…
	@rehearsal/system.sh chromium:chromium
	@$(BIN)/python -m tests.smoke --site "$(SITE)" --source project $(ARGS)

bench-push: .venv/demo ## time the push beside six other ways to fill a bucket (ARGS="--quick")
	@rehearsal/system.sh rclone:rclone
	@$(BIN)/python -m tests.bench.push $(ARGS)

bench-hosts: .venv/demo ## measure what a static host of its own gains a page (ARGS="--runs 7")
	@rehearsal/system.sh chromium:chromium nginx:nginx-light openssl:openssl
	@$(BIN)/python -m tests.bench.hosts $(ARGS)

bench-memory: .venv/demo ## measure what a web process weighs, and what an upload adds
	@$(BIN)/python -m tests.bench.memory

lint: .venv/dev ## ruff, djlint, zizmor and ansible-lint
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/djlint --quiet --check --lint project deploy tests/site
	@$(BIN)/zizmor --offline --quiet .github
	@cd ansible && ../$(BIN)/ansible-lint -q

format: .venv/dev ## let ruff and djlint put the code in form
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/djlint --quiet --reformat project deploy tests/site

lock: .venv/dev ## resolve requirements/*.in anew into the hash-locked files
	@requirements/lock.sh

# A venv from hash-locked requirements. Each stamp is newer than its lock file, so that a second run costs nothing.
.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "slipway: Python 3.11 or newer is needed, $(PYTHON) is older; name one with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || rehearsal/system.sh ensurepip:python3-venv
	@$(PYTHON) -m venv .venv
	@echo ../../../../deploy > $$(echo .venv/lib/python*/site-packages)/slipway.pth
	@touch $@

# Ansible's collections are read as text: to compile them would take longer than to install all the rest.
install = echo "slipway: installing $(1) into .venv (a minute)" && \
  $(BIN)/python -m slipway.tool.pip $(1) && \
  { $(BIN)/python -m compileall -qq -j 0 -x ansible_collections .venv/lib || true; }

.venv/demo: requirements/demo.txt | .venv/pip
	@$(call install,$<)
	@touch $@

.venv/deploy: requirements.txt requirements/demo.txt | .venv/pip
	@$(call install,$^)
	@touch $@ .venv/demo

.venv/dev: requirements/dev.txt | .venv/pip
	@$(call install,$<)
	@touch $@ .venv/deploy .venv/demo

.PHONY: help image rehearse rehearse-all cdn destroy purge deploy rollback releases prune status logs shell unlock demo test test-slipway dev init secrets smoke bench-push bench-hosts bench-memory lint format lock
