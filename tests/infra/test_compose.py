"""compose.yaml, checked without Docker: what is pinned, where it listens, that no secret has a default."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from infra.clickhouse import DATABASE, GRAFANA_USER, USER
from infra.jars import KAFKA_VERSION
from streams.settings import PREFIX, Settings

INFRA = Path(__file__).parents[2] / "infra"


def read_yaml(file: Path) -> Any:
    """The plain part of YAML that these files keep to: block mappings and lists, JSON scalars, bare words."""
    lines = [line for line in file.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]

    def scalar(text: str) -> Any:
        if re.fullmatch(r"[a-z]+", text) and text not in ("true", "false", "null", "yes", "no", "on", "off"):
            return text
        return json.loads(text)

    def block(indent: int) -> Any:
        is_list = lines[0].lstrip().startswith("- ")
        found: Any = [] if is_list else {}
        while lines and len(lines[0]) - len(lines[0].lstrip()) == indent:
            text = lines.pop(0).strip()
            if is_list and re.match(r"- [\w]+:( |$)", text):
                lines.insert(0, " " * (indent + 2) + text[2:])
                found.append(block(indent + 2))
            elif is_list:
                found.append(scalar(text[2:]))
            else:
                name, _, value = text.partition(":")
                assert name not in found, f"{name} is there twice"
                deeper = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
                found[name] = scalar(value.strip()) if value.strip() else block(deeper) if deeper > indent else None
        return found

    read = block(0)
    assert not lines, f"not read: {lines[0]}"
    return read


@pytest.fixture(scope="module")
def compose() -> Any:
    return read_yaml(INFRA / "compose.yaml")


@pytest.fixture(scope="module")
def services(compose: Any) -> dict[str, Any]:
    found = compose["services"]
    assert found.keys() == {"kafka", "clickhouse", "platform", "grafana"}
    return dict(found)


def test_ports_are_bound_to_this_machine_alone(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published)
    assert len({port.split(":")[1] for port in published}) == len(published)


def test_every_secret_must_be_given(services: dict[str, Any]) -> None:
    example = (INFRA / "compose" / "example.env").read_text()
    offered = re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE)
    assert all(value == "" for _, value in offered), "an example is not a secret"
    used = set(re.findall(r"\$\{[^}]*\}", (INFRA / "compose.yaml").read_text()))
    assert used == {f"${{{name}:?see infra/compose/example.env}}" for name, _ in offered}
    for name, value in ((n, v) for service in services.values() for n, v in service["environment"].items()):
        assert not re.search("PASSWORD|SECRET|TOKEN", name) or re.fullmatch(r"\$\{\w+:\?.*\}", value), name


def test_images_are_pinned_to_what_the_tests_run(services: dict[str, Any]) -> None:
    assert services["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    engine = re.search(r'"chdb-core==(\d+\.\d+)\.\d+"', (INFRA.parent / "pyproject.toml").read_text())
    assert engine
    assert services["clickhouse"]["image"] == f"clickhouse/clickhouse-server:{engine[1]}"
    assert re.fullmatch(r"grafana/grafana:\d+\.\d+\.\d+", services["grafana"]["image"])


def test_every_service_says_whether_it_is_well(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
        assert all(on["condition"] == "service_healthy" for on in service.get("depends_on", {}).values())


def test_data_is_in_named_volumes_and_mounted_files_exist(compose: Any, services: dict[str, Any]) -> None:
    sources = [volume.split(":")[0] for service in services.values() for volume in service["volumes"]]
    named = {source for source in sources if not source.startswith(".")}
    assert named == compose["volumes"].keys()
    assert all((INFRA / source).is_file() for source in sources if source.startswith("."))
    build = services["platform"]["build"]
    assert (INFRA / build["context"] / build["dockerfile"]).is_file()


def test_the_platform_gets_settings_that_exist(services: dict[str, Any]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    dockerfile = (INFRA / "Dockerfile").read_text()
    used = {*services["platform"]["environment"], *re.findall(r"\bFIVENINES_[A-Z_]+", dockerfile)}
    assert used <= known
    assert (
        services["platform"]["environment"]["FIVENINES_KAFKA"]
        in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    )


def test_the_image_is_built_from_the_lock_file_and_does_not_run_as_root() -> None:
    dockerfile = (INFRA / "Dockerfile").read_text()
    assert "--require-hashes --requirement requirements.lock" in dockerfile
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    assert all((INFRA.parent / name).exists() for line in copied for name in line.split())


def test_grafana_has_the_plugin_and_may_only_read(services: dict[str, Any]) -> None:
    (source,) = read_yaml(INFRA / "compose" / "grafana" / "datasource.yaml")["datasources"]
    plugin, _, version = services["grafana"]["environment"]["GF_PLUGINS_PREINSTALL"].partition("@")
    assert plugin == source["type"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert source["jsonData"]["username"] == GRAFANA_USER
    assert source["jsonData"]["defaultDatabase"] == DATABASE == services["clickhouse"]["environment"]["CLICKHOUSE_DB"]
    assert services["clickhouse"]["environment"]["CLICKHOUSE_USER"] == USER
    users = ElementTree.parse(INFRA / "compose" / "clickhouse" / "users.xml")
    assert [query.text for query in users.iterfind(f"users/{GRAFANA_USER}/grants/query")] == [
        f"GRANT SELECT ON {DATABASE}.*"
    ]
    assert users.findtext(f"profiles/{GRAFANA_USER}/readonly") == "2"
