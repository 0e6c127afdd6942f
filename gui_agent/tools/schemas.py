"""Schemas of the tools for function calling, made from the functions themselves.

The functions need the extra ``agents``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gui_agent.tools.tools import NAMES, Tools
from molmo_act._optional import import_optional

if TYPE_CHECKING:
    from mcp.server.mcpserver.tools import Tool


def tool_of(tools: Tools, name: str) -> Tool:
    """Describes a tool as the MCP SDK does: name, description, JSON schema of its parameters.

    Args:
        tools: Of the desktop that is worked.
        name: One of `gui_agent.tools.tools.NAMES`.

    Returns:
        The description.

    Raises:
        MissingExtraError: The MCP SDK is not installed.
    """
    purpose = "describing tools"
    Tool = import_optional("mcp.server.mcpserver.tools", extra="agents", purpose=purpose).Tool
    return Tool.from_function(getattr(tools, name), structured_output=False)


def openai_tools(tools: Tools) -> list[dict[str, Any]]:
    """Makes the ``tools`` of a request in the form of OpenAI's chat completions.

    Args:
        tools: Of the desktop that is worked.

    Returns:
        One mapping for each tool, for JSON.
    """
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
    """Makes the ``tools`` of a request in the form of Anthropic's messages; see `openai_tools`."""
    return [
        {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
        for tool in _all(tools)
    ]


def _all(tools: Tools) -> list[Tool]:
    return [tool_of(tools, name) for name in NAMES]
