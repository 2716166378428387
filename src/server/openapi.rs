//! The `OpenAPI` document, made from the table of endpoints.

use serde_json::{Map, Value, json};

use super::endpoint::{Action, Argument, BASE, ENDPOINTS, Endpoint, Method, Parameter};

/// Returns the document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for row in ENDPOINTS {
        let path = paths.entry(format!("{BASE}{}", row.path)).or_insert_with(|| json!({}));
        let method = match row.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        path[method] = operation(row);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "qunfa", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": {
                "type": "object",
                "required": ["status", "code", "detail"],
                "properties": {
                    "status": {"type": "integer"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            }},
        },
    })
}

fn operation(row: &Endpoint) -> Value {
    let in_body = |one: &&Parameter| {
        row.method == Method::Post && row.action != Action::Submit && !row.has_in_path(one.name)
    };
    let parameters: Vec<_> = row
        .parameters
        .iter()
        .filter(|one| !in_body(one))
        .map(|one| {
            json!({
                "name": one.name,
                "in": if row.has_in_path(one.name) { "path" } else { "query" },
                "required": one.required,
                "description": one.about,
                "schema": {"type": "string"},
            })
        })
        .collect();
    let body: Vec<_> = row.parameters.iter().filter(in_body).collect();
    let (status, answer) = match row.action {
        Action::Submit => ("202", json!({"type": "object", "required": ["name", "receipt"]})),
        Action::Sentences(_) => ("200", json!({"type": "object", "required": ["answer"]})),
        Action::Json(_) | Action::Receipt | Action::OpenApi => ("200", json!({})),
    };
    let problem = json!({"description": "no answer", "content": {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }});
    let mut operation = json!({
        "operationId": operation_id(row),
        "description": format!("Needs the role {}.", row.role.name()),
        "parameters": parameters,
        "responses": {
            status: {"description": "done", "content": {"application/json": {"schema": answer}}},
            "default": problem,
        },
    });
    if row.action == Action::Submit {
        operation["requestBody"] = json!({"required": true, "content": {"application/yaml": {}}});
    } else if !body.is_empty() {
        operation["requestBody"] =
            json!({"content": {"application/json": {"schema": body_schema(&body)}}});
    }
    operation
}

fn body_schema(parameters: &[&Parameter]) -> Value {
    let properties: Map<String, Value> = parameters
        .iter()
        .map(|one| {
            let kind = match one.argument {
                Argument::Flag(_) => json!("boolean"),
                Argument::Either(_) => json!(["integer", "boolean"]),
                Argument::Positional | Argument::Value(..) | Argument::Own => json!("string"),
            };
            (one.name.to_owned(), json!({"type": kind, "description": one.about}))
        })
        .collect();
    let required: Vec<_> =
        parameters.iter().filter(|one| one.required).map(|one| one.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn operation_id(row: &Endpoint) -> &'static str {
    match row.action {
        Action::Json(command) | Action::Sentences(command) => command,
        Action::Submit => "submit",
        Action::Receipt => "receipt",
        Action::OpenApi => "openapi",
    }
}
