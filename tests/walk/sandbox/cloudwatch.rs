//! CloudWatch in JSON, which some clients speak; the SDK speaks CBOR (`edges.rs`).

use serde_json::{Value, json};

use super::client::{Client, pass, sandbox};

const WORLD: &str = r#"
[organization]

[[account]]
name = "alpha"
id = "222233334444"
vpc = [{ name = "main", endpoint = [{ service = "logs", bytes_per_minute = 1000 }, { service = "s3", type = "Gateway", bytes_per_minute = 1000 }] }]
"#;

/// 2026-11-22T10:00:00Z, when the sandbox begins.
const BEGIN: i64 = 1_795_341_600;

fn ask(client: &Client, query: &Value, start: i64, end: i64, more: &Value) -> (u16, Value) {
    let mut body = json!({ "MetricDataQueries": [query], "StartTime": start, "EndTime": end });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let mut request = client.request("monitoring", body.to_string().into_bytes());
    let target = "GraniteServiceVersion20100801.GetMetricData".to_owned();
    request.headers.push(("x-amz-target".to_owned(), target));
    let response = client.sandbox.handle(&request).unwrap();
    (response.status, serde_json::from_slice(&response.body).unwrap())
}

fn query(client: &Client, service: &str) -> Value {
    let found = client.must(
        "DescribeVpcEndpoints",
        &[("Filter.1.Name", "service-name"), ("Filter.1.Value.1", service)],
    );
    let kind = found.one("vpcEndpointType");
    json!({ "Id": "q", "MetricStat": { "Period": 3600, "Stat": "Sum", "Metric": {
        "Namespace": "AWS/PrivateLinkEndpoints", "MetricName": "BytesProcessed", "Dimensions": [
            { "Name": "Endpoint Type", "Value": kind },
            { "Name": "Service Name", "Value": service },
            { "Name": "VPC Endpoint Id", "Value": found.one("vpcEndpointId") },
            { "Name": "VPC Id", "Value": found.one("vpcId") },
        ] } } })
}

#[tokio::test(start_paused = true)]
async fn points_are_there_for_hours_with_traffic_and_for_interface_endpoints_alone() {
    let sandbox = sandbox(WORLD);
    let client = Client::alpha(&sandbox);
    let logs = query(&client, "com.amazonaws.eu-west-1.logs");
    pass(1800).await;
    let (_, answer) = ask(&client, &logs, BEGIN - 3600, BEGIN + 7200, &json!({}));
    let result = &answer["MetricDataResults"][0];
    // The latest first; half an hour of the second hour is over.
    assert_eq!(result["Values"], json!([30_000.0, 60_000.0]));
    assert_eq!(result["Timestamps"], json!([BEGIN, BEGIN - 3600]));

    let one = json!({ "MaxDatapoints": 1 });
    let (_, first) = ask(&client, &logs, BEGIN - 3600, BEGIN + 7200, &one);
    assert_eq!(first["MetricDataResults"][0]["Values"], json!([30_000.0]));
    let token = json!({ "MaxDatapoints": 1, "NextToken": first["NextToken"] });
    let (_, second) = ask(&client, &logs, BEGIN - 3600, BEGIN + 7200, &token);
    assert_eq!(second["MetricDataResults"][0]["Values"], json!([60_000.0]));
    assert_eq!(second["NextToken"], Value::Null);

    let gateway = query(&client, "com.amazonaws.eu-west-1.s3");
    let (_, answer) = ask(&client, &gateway, BEGIN - 3600, BEGIN, &json!({}));
    assert_eq!(answer["MetricDataResults"][0]["Values"], json!([]));

    let (status, answer) = ask(&client, &logs, BEGIN, BEGIN, &json!({}));
    assert_eq!((status, &answer["__type"]), (400, &json!("ValidationError")));
    assert_eq!(sandbox.unknown(), Vec::<String>::new());
    let mut other = logs;
    other["MetricStat"]["Metric"]["MetricName"] = json!("NewConnections");
    assert_eq!(ask(&client, &other, BEGIN - 60, BEGIN, &json!({})).0, 400);
    assert_eq!(sandbox.unknown().len(), 1);
}
