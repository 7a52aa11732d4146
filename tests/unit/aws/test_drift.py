from slipway.tool.cdn.drift import overlay


def test_what_is_as_wanted_has_no_drift():
    current = {"A": 1, "B": {"C": [1, 2]}, "Added": "by AWS"}
    assert overlay(current, {"A": 1, "B": {"C": [1, 2]}}) == (current, [])


def test_a_drifted_field_is_put_right_named_and_the_rest_kept():
    current = {"Behavior": {"Compress": False, "Smooth": True}, "Comment": "theirs"}
    merged, drifts = overlay(current, {"Behavior": {"Compress": True}})
    assert merged == {"Behavior": {"Compress": True, "Smooth": True}, "Comment": "theirs"}
    assert drifts == ["Behavior.Compress is False, should be True"]


def test_a_missing_field_is_named_absent():
    assert overlay({}, {"Policy": "p"}) == ({"Policy": "p"}, ["Policy is absent, should be 'p'"])


def test_the_order_of_plain_items_is_no_drift():
    current = {"Items": ["HEAD", "GET"]}
    assert overlay(current, {"Items": ["GET", "HEAD"]}) == (current, [])


def test_items_are_matched_by_their_identifier_and_keep_what_aws_added():
    current = [{"Id": "bucket", "OriginPath": "", "ConnectionAttempts": 3}, {"Id": "other"}]
    merged, drifts = overlay(current, [{"Id": "bucket", "OriginPath": "/static"}], "Origins")
    assert merged == [{"Id": "bucket", "OriginPath": "/static", "ConnectionAttempts": 3}]
    assert drifts == [
        "Origins[bucket].OriginPath is '', should be '/static'",
        "Origins[other] is there, should not be",
    ]


def test_a_single_item_without_identifier_keeps_what_aws_added():
    current = [{"Algorithm": "AES256", "BucketKeyEnabled": False}]
    assert overlay(current, [{"Algorithm": "AES256"}]) == (current, [])


def test_nothing_configured_is_set_whole():
    assert overlay(None, {"Status": "Enabled"}, "Versioning")[0] == {"Status": "Enabled"}
