"""A local AWS: S3, CloudFront, ACM, IAM, STS and Route 53, one endpoint a service."""

from rehearsal.aws.local import LocalAws, start

__all__ = ["LocalAws", "start"]
