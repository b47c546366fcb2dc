"""A call of a method under a ``wrapt`` wrapper that does nothing: what any decorator costs."""

TITLE = "bare wrapt wrapper"
VARIANTS = {"wrapt 2": ["wrapt>=2"], "wrapt 1.17": ["wrapt==1.17.*"]}


def setup(url, facts):
    global flow
    import wrapt

    def call(wrapped, instance, args, kwargs):
        return wrapped(*args, **kwargs)

    class Flow:
        def start(self):
            pass

    Flow.start = wrapt.FunctionWrapper(Flow.start, call)
    flow = Flow()
    return flow


def emit(name):
    flow.start()


def flush():
    pass
