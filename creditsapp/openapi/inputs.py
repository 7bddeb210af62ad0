"""What each operation takes, from its own fields: a new operation is described by itself."""

from typing import Any

from creditsapp.studio.operation import ChoiceField, Field, Operation, TextField, UploadField


def body_of(operation: Operation) -> dict[str, Any]:
    """The request body of an operation: JSON where no file is needed, and forms."""
    files = [field for field in operation.fields if isinstance(field, UploadField)]
    content: dict[str, Any] = {}
    if not any(field.required for field in files):
        content["application/json"] = {"schema": _object(operation, files=False)}
        if (example := example_of(operation)) is not None:
            content["application/json"]["example"] = example
        content["application/x-www-form-urlencoded"] = {"schema": _object(operation, files=False)}
    content["multipart/form-data"] = {
        "schema": _object(operation, files=True),
        "encoding": {field.name: {"contentType": _media_types(field)} for field in files},
    }
    return {"required": True, "content": content}


def example_of(operation: Operation) -> dict[str, Any] | None:
    """Input without a file that works; None where the fields give no example of themselves."""
    found: dict[str, Any] = {}
    for field in operation.fields:
        if isinstance(field, ChoiceField):
            found[field.name] = field.default
        elif isinstance(field, TextField) and (field.examples or field.placeholder):
            found[field.name] = (*field.examples, field.placeholder)[0]
        elif field.required:
            return None
    return found


def _object(operation: Operation, *, files: bool) -> dict[str, Any]:
    fields = [each for each in operation.fields if files or not isinstance(each, UploadField)]
    return {
        "type": "object",
        "properties": {field.name: _schema(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _schema(field: Field) -> dict[str, Any]:
    """What a field takes; nothing more is known of a kind of field that somebody else made."""
    words = {"title": field.label, "description": field.hint}
    found: dict[str, Any] = {name: text for name, text in words.items() if text}
    match field:
        case TextField(required=required, max_length=most):
            found |= {"type": "string", "maxLength": most}
            found |= {"minLength": 1} if required else {}
        case ChoiceField(choices=choices):
            found |= {"type": "string", "enum": [value for value, _label in choices]}
        case UploadField(max_bytes=most):
            limit = f"At most {most} bytes."
            found["description"] = f"{field.hint} {limit}".strip()
    return found


def _media_types(field: UploadField) -> str:
    named = [each.strip() for each in field.accept.split(",") if "/" in each]
    return ", ".join(named) or "application/octet-stream"
