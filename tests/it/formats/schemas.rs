//! The official JSON Schemas of OCSF.

use std::collections::HashMap;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use jsonschema::Validator;
use serde_json::Value;

const FILES: [(&str, &[u8]); 4] = [
    ("1.5.0", include_bytes!("../../ocsf/1.5.0.json.gz")),
    ("1.6.0", include_bytes!("../../ocsf/1.6.0.json.gz")),
    ("1.7.0", include_bytes!("../../ocsf/1.7.0.json.gz")),
    ("1.8.0", include_bytes!("../../ocsf/1.8.0.json.gz")),
];

/// The schema of a class in one version.
struct Class {
    title: Value,
    validator: Validator,
}

static CLASSES: LazyLock<HashMap<(&str, u64), Class>> = LazyLock::new(|| {
    let mut classes = HashMap::new();
    for (version, file) in FILES {
        let schemas: HashMap<u64, Value> = serde_json::from_reader(GzDecoder::new(file)).unwrap();
        for (uid, schema) in schemas {
            let validator = jsonschema::validator_for(&schema).unwrap();
            let title = schema["title"].clone();
            classes.insert((version, uid), Class { title, validator });
        }
    }
    classes
});

/// Checks an event against every version, and that its numbers and names agree. Returns what is wrong.
pub(super) fn problems(line: &str) -> Vec<String> {
    let event: Value = match serde_json::from_str(line) {
        Ok(event) => event,
        Err(error) => return vec![error.to_string()],
    };
    let mut problems = Vec::new();
    let class_uid = event["class_uid"].as_u64().unwrap_or(u64::MAX);
    for (version, _) in FILES {
        let Some(class) = CLASSES.get(&(version, class_uid)) else {
            problems.push(format!("{version}: no schema of class {class_uid}"));
            continue;
        };
        let errors = class.validator.iter_errors(&event);
        problems
            .extend(errors.map(|error| format!("{version}: {}: {error}", error.instance_path())));
        if event["class_name"] != class.title {
            problems.push(format!("{version}: the class is called {}", class.title));
        }
    }
    let activity_id = event["activity_id"].as_u64().unwrap_or(u64::MAX);
    if event["type_uid"].as_u64() != class_uid.checked_mul(100).map(|uid| uid + activity_id) {
        problems.push("type_uid is not made of class_uid and activity_id".to_owned());
    }
    problems
}

/// Checks that an event satisfies every version, and returns it.
#[track_caller]
pub(super) fn valid(line: &str) -> Value {
    let problems = problems(line);
    assert!(problems.is_empty(), "{problems:#?} in {line}");
    serde_json::from_str(line).unwrap()
}

#[test]
fn the_schemas_refuse_what_is_not_an_event_of_its_class() {
    let good = concat!(
        r#"{"category_uid":6,"class_uid":6001,"class_name":"Web Resources Activity","activity_id":2,"#,
        r#""type_uid":600102,"severity_id":1,"time":0,"web_resources":[{"name":"a"}],"#,
        r#""actor":{"user":{"name":"b","email_addr":"sam.o'neil@example.com"}},"#,
        r#""metadata":{"version":"1.5.0","product":{"name":"Command"}}}"#
    );
    assert_eq!(problems(good), [""; 0]);
    for (part, instead) in [
        (r#""time":0,"#, ""),
        (r#""time":0"#, r#""time":"0""#),
        (r#""activity_id":2"#, r#""activity_id":9"#),
        (r#"{"name":"a"}"#, r#"{"type":"a"}"#),
        (r#""severity_id":1"#, r#""severity_id":1,"extra":1"#),
        ("sam.o'neil@example.com", "nobody"),
        (r#"{"name":"b","#, r#"{"#),
        (r#""product":{"name":"Command"}"#, r#""product":{}"#),
        ("600102", "600103"),
        ("Web Resources", "Web"),
    ] {
        let bad = good.replace(part, instead);
        assert_ne!(bad, good);
        // One problem or more in each version; the last two replacements are not a matter of the schema.
        assert!(!problems(&bad).is_empty(), "{bad}");
    }
}
