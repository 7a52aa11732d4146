# Rejects a host that another site, or a later Slipway, has set up. What is missing in its settings is not checked.
setting() {
    sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" "$SETTINGS" 2>/dev/null
}
reject() {
    echo "slipway: server $SERVER $1" >&2
    exit 1
}
layout=$(setting layout) version=$(setting version) host=$(setting site_host) domain=$(setting site)
[ "${layout:-0}" -le "$LAYOUT" ] ||
    reject "was deployed by Slipway ${version:-of a later version} (layout $layout), and this checkout is $VERSION (layout $LAYOUT): take the newer one, git pull or merge it"
[ -n "$MOVING" ] || ! grep -q '"state": "moved"' "$MOVE" 2>/dev/null || {
    SETTINGS=$MOVE
    reject "has moved to $(setting to) on $(setting at), and only forwards to it; name that one as \`server\` in $FILE"
}
[ -z "$TAKE_OVER" ] || exit 0
[ "${host:-$HOST} ${domain:-$DOMAIN}" = "$HOST $DOMAIN" ] && exit 0
# One host under two domains: only they tell the sites apart.
[ "$host" != "$HOST" ] || { host="$host of $domain" HOST="$HOST of $DOMAIN"; }
release=$(readlink "$CURRENT") && release="release ${release##*/}" || release="no release yet"
reject "serves $host ($release), and $FILE describes $HOST; correct \`server\` there, or let that site have it: make deploy TAKE_OVER=1"
