"""Schemas for function calling are those that MCP lists."""

from __future__ import annotations

import asyncio
import json

import pytest

pytest.importorskip("mcp", reason="needs the extra agents")

from mcp import Client

from gui_agent.tools.mcp_server import make_server
from gui_agent.tools.schemas import anthropic_tools, openai_tools
from gui_agent.tools.tools import NAMES

pytestmark = pytest.mark.display


def test_every_tool_is_described_once_and_the_same_everywhere(tools) -> None:
    async def listed():
        async with Client(make_server(tools)) as client:
            return (await client.list_tools()).tools

    over_mcp = asyncio.run(asyncio.wait_for(listed(), 60))
    assert [tool.name for tool in over_mcp] == list(NAMES)
    read_only = [tool.name for tool in over_mcp if tool.annotations.read_only_hint]
    assert read_only == ["screenshot", "find", "wait_for"]
    assert all(tool.annotations.destructive_hint for tool in over_mcp if tool.name not in read_only)
    for tool, openai, anthropic in zip(over_mcp, openai_tools(tools), anthropic_tools(tools), strict=True):
        assert tool.input_schema == openai["function"]["parameters"] == anthropic["input_schema"]
        assert tool.description == openai["function"]["description"] == anthropic["description"]
        assert openai["type"] == "function"
        assert "self" not in tool.input_schema["properties"]
        json.dumps([openai, anthropic])
    click = dict(zip(NAMES, over_mcp, strict=True))["click"].input_schema
    assert click["required"] == ["target"]
    assert click["properties"]["target"]["description"].startswith("What it is, in words")
    assert click["properties"]["button"]["enum"] == ["left", "middle", "right"]
