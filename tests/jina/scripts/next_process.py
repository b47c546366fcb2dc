"""Whoever comes next: a process that starts nothing and sends what others left."""

import jina_tel

if __name__ == "__main__":
    print(jina_tel.flush(30.0))
