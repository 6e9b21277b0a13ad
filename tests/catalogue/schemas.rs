use serde_json::Value;

use crate::{every_tool, name};

#[test]
fn each_output_schema_names_its_top_level_fields() {
    for tool in every_tool() {
        let schema = &tool["outputSchema"];
        let properties = schema["properties"].as_object();
        let properties = properties.unwrap_or_else(|| panic!("{} names no fields", name(&tool)));
        assert!(!properties.is_empty(), "{} names no fields", name(&tool));
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(
                properties.contains_key(required.as_str().unwrap()),
                "{} requires {required} without saying what it is",
                name(&tool)
            );
        }
    }
}

/// A wrong name of an argument is to be told, not passed over.
#[test]
fn no_input_schema_takes_what_it_does_not_name() {
    for tool in every_tool() {
        assert_eq!(
            tool["inputSchema"]["additionalProperties"],
            Value::Bool(false),
            "{}",
            name(&tool)
        );
    }
}
