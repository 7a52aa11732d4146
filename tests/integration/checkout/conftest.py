from collections.abc import Iterator

import pytest

from tests.integration.checkout.checkout import Bucket, Checkout


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket() as bucket:
        yield bucket
        bucket.shutdown()


@pytest.fixture
def checkout(tmp_path, bucket) -> Checkout:
    return Checkout(tmp_path / "checkout", bucket.url)
