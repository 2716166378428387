//! The JSON Schema of job files, for editors.

/// The schema, as JSON.
///
/// It refuses nothing that the inbox accepts; the inbox refuses more than a schema can express.
pub const SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    use boon::{Compiler, SchemaIndex, Schemas};
    use serde_json::Value;

    use super::*;
    use crate::inbox::{api_call, article, broadcast, job, menu, mpnews, qrcode, receivers};
    use crate::yaml::Shape;

    static COMPILED: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("qunfa:jobs", serde_json::from_str(SCHEMA).unwrap()).unwrap();
        let schema = compiler.compile("qunfa:jobs", &mut schemas).unwrap();
        (schemas, schema)
    });

    /// Returns why the schema refuses a job file, if it does.
    pub(in crate::inbox) fn refused(file: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(file).unwrap().trim_start_matches('\u{feff}');
        let file: Value = serde_saphyr::from_str(text).unwrap();
        let (schemas, schema) = &*COMPILED;
        schemas.validate(&file, *schema).err().map(|error| error.to_string())
    }

    #[test]
    fn the_schema_takes_the_example_and_refuses_what_an_editor_should_tell() {
        assert_eq!(refused(include_bytes!("../../jobs.example.yaml")), None);
        let job = "jobs:\n- id: a\n  account: b\n";
        for wrong in [
            "jobs: []".to_owned(),
            "{}".to_owned(),
            job.to_owned(),
            format!("{job}  speed: 5"),
            format!("{job}  speed: 1\n  at: 5\n"),
            format!("{job}  speed: 1\n  aat: 2027-03-20 20:00\n"),
            format!("{job}  speed: 1\n  delete: {{job: x}}\n"),
            format!("{job}  broadcast: {{text: hello}}"),
            format!("{job}  broadcast: {{filter: {{}}, text: hello}}"),
            format!("{job}  broadcast: {{filter: {{is_to_all: true, tag_id: 2}}, text: hello}}"),
            format!("{job}  broadcast: {{filter: {{is_to_all: false}}, text: hello}}"),
            format!("{job}  broadcast: {{filter: {{tag_id: 2}}}}"),
            format!("{job}  broadcast: {{touser: [oA], text: hello}}"),
            format!("{job}  broadcast: {{filter: {{tag_id: 2}}, text: a, voice: {{file: a.mp3}}}}"),
            format!("{job}  broadcast: {{filter: {{tag_id: 2}}, images: {{recommend: a}}}}"),
            format!("{job}  broadcast: {{filter: {{tag_id: 2}}, articles: [{{title: a}}]}}"),
            job.replace("id: a", "id: ä") + "  speed: 1\n",
        ] {
            assert!(refused(wrong.as_bytes()).is_some(), "{wrong}");
        }
    }

    #[test]
    fn the_schema_has_the_keys_that_the_inbox_knows() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let places: [(&str, &[&Shape]); 23] = [
            ("", &[&job::FILE]),
            ("/$defs/job", &[&job::JOB]),
            ("/$defs/preview", &[&api_call::PREVIEW]),
            ("/$defs/delete", &[&api_call::DELETE]),
            ("/$defs/menu", &[&menu::MENU]),
            ("/$defs/menu/properties/matchrule", &[&menu::MATCHRULE]),
            ("/$defs/menu/properties/delete/oneOf/1", &[&menu::DELETE]),
            ("/$defs/button", &[&menu::BUTTON]),
            ("/$defs/qrcode", &[&qrcode::QRCODE]),
            ("/$defs/qrcode/properties/action_info", &[&qrcode::ACTION_INFO]),
            ("/$defs/qrcode/properties/action_info/properties/scene", &[&qrcode::SCENE]),
            ("/$defs/qrcode/properties/scenes/oneOf/1", &[&qrcode::SCENES]),
            ("/$defs/broadcast", &[&broadcast::BROADCAST]),
            ("/$defs/broadcast/properties/text/oneOf/1", &[&broadcast::TEXT]),
            ("/$defs/broadcast/properties/touser_file/oneOf/1", &[&receivers::TABLE]),
            ("/$defs/broadcast/properties/wxcard", &[&broadcast::WXCARD]),
            ("/$defs/filter", &[&broadcast::FILTER]),
            ("/$defs/mpnews", &[&mpnews::MPNEWS]),
            ("/$defs/media", &[&broadcast::MEDIA]),
            ("/$defs/file", &[&article::FILE]),
            ("/$defs/images", &[&broadcast::IMAGES, &article::IMAGE_FILES]),
            ("/$defs/mpvideo", &[&broadcast::MPVIDEO, &article::VIDEO_FILE]),
            ("/$defs/article", &[&article::ARTICLE]),
        ];

        for (location, shapes) in places {
            let object = schema.pointer(location).unwrap_or_else(|| panic!("no {location}"));
            let keys: BTreeSet<_> =
                object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let known: BTreeSet<_> =
                shapes.iter().flat_map(|shape| shape.known.iter().copied()).collect();
            assert_eq!(keys, known, "{location}");
            assert_eq!(object["additionalProperties"], false, "{location}");
        }
    }
}
