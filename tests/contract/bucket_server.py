"""The program of `object_server`: moto's S3 server, which has its bucket before it answers anybody."""

from __future__ import annotations

import sys

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import main

BUCKET = "tunesmith-test"

if __name__ == "__main__":
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(BUCKET, "us-east-1")
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
