# Refuses a host that another site, or a later Slipway, has set up. What the host does not say is not judged.
said() {
    sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" /etc/slipway/release.json 2>/dev/null
}
refuse() {
    echo "slipway: server $SERVER $1" >&2
    exit 1
}
layout=$(said layout) host=$(said site_host) domain=$(said site)
[ "${layout:-0}" -le "$LAYOUT" ] ||
    refuse "was set up by a later Slipway (layout $layout, and this one knows $LAYOUT); deploy with that version, or merge it"
[ -z "$TAKE_OVER" ] || exit 0
[ "${host:-$HOST} ${domain:-$DOMAIN}" = "$HOST $DOMAIN" ] && exit 0
# One host under two domains: only they tell the sites apart.
[ "$host" != "$HOST" ] || { host="$host of $domain" HOST="$HOST of $DOMAIN"; }
release=$(readlink /srv/slipway/current) && release="release ${release##*/}" || release="no release yet"
refuse "serves $host ($release), and $FILE describes $HOST; correct \`server\` there, or let that site have it: make deploy TAKE_OVER=1"
