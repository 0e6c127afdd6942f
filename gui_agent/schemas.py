"""Schemas of the tools for function calling, made from the functions themselves; knows no chat service.

Importing this needs the extra ``agents``.
"""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver.tools import Tool

from gui_agent.tools import NAMES, Tools


def tool_of(tools: Tools, name: str) -> Tool:
    """A tool as the MCP SDK describes it: name, description, JSON schema of its parameters."""
    return Tool.from_function(getattr(tools, name), structured_output=False)


def openai_tools(tools: Tools) -> list[dict[str, Any]]:
    """The ``tools`` of a request in the form of OpenAI's chat completions."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        }
        for tool in _all(tools)
    ]


def anthropic_tools(tools: Tools) -> list[dict[str, Any]]:
    """The ``tools`` of a request in the form of Anthropic's messages."""
    return [
        {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
        for tool in _all(tools)
    ]


def _all(tools: Tools) -> list[Tool]:
    return [tool_of(tools, name) for name in NAMES]
