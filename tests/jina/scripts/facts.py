"""Print, as JSON, what other sources than jina_tel say of this environment."""

import importlib.metadata
import json
import platform
import uuid

import docarray
import google.protobuf
import grpc
import hooks  # noqa: F401  # for the network
import jina.helper
import yaml
from google.protobuf.internal import api_implementation

if __name__ == "__main__":
    names = ("jina", "docarray", "protobuf", "grpcio", "pyyaml")
    facts = {
        "of Jina": jina.helper.get_full_version()[0],
        "of the distributions": {name: importlib.metadata.version(name) for name in names},
        "of the modules": {
            "jina": jina.__version__,
            "docarray": docarray.__version__,
            "jina-proto": jina.__proto_version__,
            "protobuf": google.protobuf.__version__,
            "proto-backend": api_implementation.Type(),
            "grpcio": grpc.__version__,
            "pyyaml": yaml.__version__,
        },
        "of the platform": {
            "python": platform.python_version(),
            "platform": platform.system(),
            "platform-release": platform.release(),
            "platform-version": platform.version(),
            "architecture": platform.machine(),
        },
        "mac": uuid.getnode(),
    }
    print("FACTS", json.dumps(facts))
