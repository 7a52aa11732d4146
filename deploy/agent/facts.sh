# What a deploy must know of the host, as `name=value` lines. It only reads. NAMES and the layout's own names are set.
. /etc/os-release
echo "system=$ID $VERSION_ID"
echo "machine=$(uname -m)"
echo "memory=$(awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo)"
echo "available=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)"
echo "cpus=$(nproc)"
echo "disk=$(df -Pm / | awk 'NR == 2 {print $4}')"
echo "clock=$(date +%s)"
echo "glibc=$(ldd --version 2>/dev/null | awk 'NR == 1 {print $NF}')"
echo "python=$(python3 -Ic 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
echo "addresses=$(ip -o address 2>/dev/null | awk '{split($4, a, "/"); print a[1]}' | xargs)"
echo "resolvers=$(awk '$1 == "nameserver" {print $2}' /etc/resolv.conf 2>/dev/null | xargs)"
for name in $NAMES; do
    echo "name=$name $(getent ahosts "$name" | awk '{print $1}' | sort -u | xargs)"
done
echo "venvs=$(cd "$venvs" 2>/dev/null && ls -d */whole 2>/dev/null | cut -d/ -f1 | xargs)"
# JSON keeps its backslashes: dash's echo would read them.
printf 'sign_in_paths=%s\n' "$(cat "$sign_in_paths" 2>/dev/null | tr -d '\n')"
# What the last deploy wrote for the agent; its layout and its version are among it.
printf 'settings=%s\n' "$(cat "$agent_settings" 2>/dev/null | tr -d '\n')"
# When the server's own systemd would start each job of the schedule; nothing where it cannot read the expression.
command -v systemd-analyze >/dev/null && printf '%s\n' "$CALENDARS" | while IFS= read -r when; do
    test -z "$when" || printf 'calendar=%s = %s\n' "$when" "$(LC_ALL=C systemd-analyze calendar -- "$when" 2>/dev/null |
        awk '/Next elapse: / {sub(/.*elapse: /, ""); print; exit}')"
done
printf 'move=%s\n' "$(cat "$move_state" 2>/dev/null | tr -d '\n')"
echo "maintenance=$([ ! -e "$nginx_page/maintenance.conf" ] || echo on)"
# What a deploy must not overwrite: the number of tables in the server's own database, and where its backups go.
owner=postgres
psql=$(ls -d /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -n 1)
if [ -n "$psql" ]; then
    count="SELECT count(*) FROM pg_catalog.pg_stat_user_tables"
    printf 'tables=%s\n' "$(cd / && runuser -u "$owner" -- "$psql" -XAtq -h "$postgresql_run" -d "$database" -c "$count" 2>/dev/null)"
fi
printf 'generation=%s\n' "$(cat "$backup_state/generation.json" 2>/dev/null | tr -d '\n')"
if [ -x "$agent" ]; then
    printf 'drift=%s\n' "$("$agent" drift)"
    printf 'releases=%s\n' "$("$agent" releases)"
fi
