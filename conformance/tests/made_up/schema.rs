//! A check of JSON against those words of JSON Schema that the published schema uses. A word that
//! it does not know is an error, so that nothing goes unchecked.

use serde_json::Value;

/// What is wrong with `value`, or nothing.
pub(crate) fn validate(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let Value::Object(words) = schema else {
        return if schema == &Value::Bool(true) { Ok(()) } else { Err("must not be there".into()) };
    };
    for (word, says) in words {
        check(word, says, words, value, root).map_err(|wrong| format!("{wrong} ({word})"))?;
    }
    Ok(())
}

fn check(
    word: &str,
    says: &Value,
    words: &serde_json::Map<String, Value>,
    value: &Value,
    root: &Value,
) -> Result<(), String> {
    let ensure = |fine: bool| if fine { Ok(()) } else { Err(format!("{value} is not as {says}")) };
    match word {
        "$schema" | "title" | "description" | "$defs" => Ok(()),
        "$ref" => {
            let pointer = says.as_str().unwrap().strip_prefix('#').expect("an own reference");
            validate(value, root.pointer(pointer).expect("a definition"), root)
        }
        "const" => ensure(value == says),
        "enum" => ensure(list(says).contains(value)),
        "type" => match says {
            Value::Array(several) => ensure(several.iter().any(|kind| is(value, kind))),
            one => ensure(is(value, one)),
        },
        "minimum" => ensure(value.as_i64().is_none_or(|number| number >= says.as_i64().unwrap())),
        "minLength" => ensure(value.as_str().is_none_or(|text| text.len() as u64 >= says.as_u64().unwrap())),
        "pattern" => {
            assert_eq!(says, "^[a-z]+\\.[a-z]+$", "the one pattern that is known here");
            let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
            let parts = value.as_str().and_then(|text| text.split_once('.'));
            ensure(parts.is_some_and(|(family, property)| is_word(family) && is_word(property)))
        }
        "required" => {
            let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
            ensure(!value.is_object() || list(says).iter().all(has))
        }
        "properties" => {
            for (name, schema) in says.as_object().unwrap() {
                if let Some(member) = value.get(name) {
                    validate(member, schema, root).map_err(|wrong| format!("{name}: {wrong}"))?;
                }
            }
            Ok(())
        }
        "additionalProperties" => {
            assert_eq!(says, &Value::Bool(false));
            let known = words["properties"].as_object().unwrap();
            let fine =
                value.as_object().is_none_or(|members| members.keys().all(|name| known.contains_key(name)));
            ensure(fine)
        }
        "items" => value.as_array().into_iter().flatten().enumerate().try_for_each(|(at, item)| {
            validate(item, says, root).map_err(|wrong| format!("[{at}]: {wrong}"))
        }),
        "oneOf" => {
            let fitting = list(says).iter().filter(|schema| validate(value, schema, root).is_ok()).count();
            ensure(fitting == 1)
        }
        unknown => panic!("this check does not know the word `{unknown}`"),
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("this check does not know the type `{unknown}`"),
    }
}
