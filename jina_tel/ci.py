"""Which continuous integration service runs us, as the public list of CI vendors says.

The list and its rules are those of ci-info 4.5.0 (https://github.com/watson/ci-info,
``vendors.json`` and ``index.js``), copyright (c) 2016 Thomas Watson Steen, MIT licence. They are
written here as Python literals, because this module is imported on a host's thread: it reads no
file and imports nothing. A test compares every row with a copy of ``vendors.json``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Callable

    Rule = Callable[[Mapping[str, str]], bool]


def vendor(environ: Mapping[str, str]) -> str | None:
    """Return ci-info's name of the CI service that ``environ`` shows, or None.

    Where several match, the last of the list wins, as in ci-info: a Jenkins that was started inside
    Travis CI is "Travis CI". ``CI=false`` says that this is no CI, whatever else is set.

    Returns:
        "GitHub Actions", for instance; None on a CI that the list does not name, too.
    """
    given = {name: environ.get(name, "") for name in environ if name in _ASKED}
    if not given or given.get("CI") == "false":
        return None
    found = None
    for name, matches in _VENDORS:
        if matches(given):
            found = name
    return found


def is_ci(environ: Mapping[str, str]) -> bool:
    """Tell whether ``environ`` is that of a CI service, named by the list or not."""
    if environ.get("CI") == "false":
        return False
    return any(environ.get(name) for name in _GENERIC) or vendor(environ) is not None


_ASKED = {"CI"}  # the variables that the rules ask for: most programs have none of them


def _set(*names: str) -> Rule:
    """Match when all of these variables are set and none is empty."""
    _ASKED.update(names)
    return lambda environ: all(environ.get(name) for name in names)


def _any(*names: str) -> Rule:
    _ASKED.update(names)
    return lambda environ: any(environ.get(name) for name in names)


def _is(name: str, value: str) -> Rule:
    _ASKED.add(name)
    return lambda environ: environ.get(name) == value


def _holds(name: str, part: str) -> Rule:
    _ASKED.add(name)
    return lambda environ: part in environ.get(name, "")


# Variables that many services set, and that tell of a CI without telling which.
_GENERIC = (
    "BUILD_ID",
    "BUILD_NUMBER",
    "CI",
    "CI_APP_ID",
    "CI_BUILD_ID",
    "CI_BUILD_NUMBER",
    "CI_NAME",
    "CONTINUOUS_INTEGRATION",
    "RUN_ID",
)

# In the order of vendors.json, which decides where several match.
_VENDORS: tuple[tuple[str, Rule], ...] = (
    ("Agola CI", _set("AGOLA_GIT_REF")),
    ("Alpic", _set("ALPIC_HOST")),
    ("Appcircle", _set("AC_APPCIRCLE")),
    ("AppVeyor", _set("APPVEYOR")),
    ("AWS CodeBuild", _set("CODEBUILD_BUILD_ARN")),
    ("Azure Pipelines", _set("TF_BUILD")),
    ("Bamboo", _set("bamboo_planKey")),
    ("Bitbucket Pipelines", _set("BITBUCKET_COMMIT")),
    ("Bitrise", _set("BITRISE_IO")),
    ("Buddy", _set("BUDDY_WORKSPACE_ID")),
    ("Buildkite", _set("BUILDKITE")),
    ("Capawesome Cloud", _set("CAPAWESOME_CLOUD")),
    ("CircleCI", _set("CIRCLECI")),
    ("Cirrus CI", _set("CIRRUS_CI")),
    ("Cloudflare Pages", _set("CF_PAGES")),
    ("Cloudflare Workers", _set("WORKERS_CI")),
    ("Codefresh", _set("CF_BUILD_ID")),
    ("Codemagic", _set("CM_BUILD_ID")),
    ("Codeship", _is("CI_NAME", "codeship")),
    ("Drone", _set("DRONE")),
    ("dsari", _set("DSARI")),
    ("Earthly", _set("EARTHLY_CI")),
    ("Expo Application Services", _set("EAS_BUILD")),
    ("Gerrit", _set("GERRIT_PROJECT")),
    ("Gitea Actions", _set("GITEA_ACTIONS")),
    ("GitHub Actions", _set("GITHUB_ACTIONS")),
    ("GitLab CI", _set("GITLAB_CI")),
    ("GoCD", _set("GO_PIPELINE_LABEL")),
    ("Google Cloud Build", _set("BUILDER_OUTPUT")),
    ("Harness CI", _set("HARNESS_BUILD_ID")),
    ("Heroku", _holds("NODE", "/app/.heroku/node/bin/node")),
    ("Hudson", _set("HUDSON_URL")),
    ("Jenkins", _set("JENKINS_URL", "BUILD_ID")),
    ("LayerCI", _set("LAYERCI")),
    ("Magnum CI", _set("MAGNUM")),
    ("Netlify CI", _set("NETLIFY")),
    ("Nevercode", _set("NEVERCODE")),
    ("Prow", _set("PROW_JOB_ID")),
    ("ReleaseHub", _set("RELEASE_BUILD_ID")),
    ("Render", _set("RENDER")),
    ("RWX", _set("RWX")),
    ("Sail CI", _set("SAILCI")),
    ("Screwdriver", _set("SCREWDRIVER")),
    ("Semaphore", _set("SEMAPHORE")),
    ("Sourcehut", _is("CI_NAME", "sourcehut")),
    ("Strider CD", _set("STRIDER")),
    ("TaskCluster", _set("TASK_ID", "RUN_ID")),
    ("TeamCity", _set("TEAMCITY_VERSION")),
    ("Travis CI", _set("TRAVIS")),
    ("Vela", _set("VELA")),
    ("Vercel", _any("NOW_BUILDER", "VERCEL")),
    ("Visual Studio App Center", _set("APPCENTER_BUILD_ID")),
    ("Woodpecker", _is("CI", "woodpecker")),
    ("Xcode Cloud", _set("CI_XCODE_PROJECT")),
    ("Xcode Server", _set("XCS")),
)

VENDORS = tuple(name for name, _ in _VENDORS)
