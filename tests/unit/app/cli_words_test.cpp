#include "agent/app/cli/words.h"

#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

TEST(PortText, NamesPortsRangesAndTypes) {
  EXPECT_EQ(port_text("TCP", 443, 443), "443/TCP");
  EXPECT_EQ(port_text("UDP", 8000, 8010), "8000-8010/UDP");
  EXPECT_EQ(port_text("TCP", 0, 65535), "any/TCP");
  EXPECT_EQ(port_text("TCP", 1, 65535), "1-65535/TCP");
  EXPECT_EQ(port_text("ICMPv6", 128, 128), "128/ICMPv6");
  EXPECT_EQ(port_text("ICMPv6", 0, 255), "any/ICMPv6");
  EXPECT_EQ(port_text("ICMPv6", 0, 65535), "any/ICMPv6");
  EXPECT_EQ(port_text("ANY", 0, 65535), "others");
}

TEST(EndpointText, IsWhatPeopleTypeForIt) {
  v1alpha1::Endpoint endpoint;
  endpoint.set_kind("Pod");
  endpoint.set_namespace_("shop");
  endpoint.set_name("db");
  endpoint.set_workload("StatefulSet/db");
  EXPECT_EQ(endpoint_text(endpoint), "shop/db");
  for (const char* name : {"", "db", "shop/db", "StatefulSet/db"}) EXPECT_TRUE(is_named(endpoint, name)) << name;
  for (const char* name : {"shop", "web", "ops/db", "d"}) EXPECT_FALSE(is_named(endpoint, name)) << name;
  endpoint.set_kind("Node");
  endpoint.clear_namespace_();
  endpoint.set_name("n1");
  EXPECT_EQ(endpoint_text(endpoint), "node/n1");
}

TEST(ReachText, SpeaksOfTheInternetAndItsHoles) {
  v1alpha1::Source source;
  source.set_class_("world");
  source.add_prefixes("2000::/3");
  EXPECT_EQ(reach_text(source, 3), "the internet");
  source.add_except_prefixes("2001:db8::/32");
  EXPECT_EQ(reach_text(source, 3), "the internet but 2001:db8::/32");
  source.set_class_("public");
  EXPECT_EQ(reach_text(source, 3), "2000::/3 but 2001:db8::/32");
}

TEST(ListText, IsCutOnlyWhereThatIsShorter) {
  google::protobuf::RepeatedPtrField<std::string> items;
  for (const char* item : {"a", "b", "c", "d"}) items.Add(item);
  EXPECT_EQ(list_text(items, 0), "a, b, c, d");
  EXPECT_EQ(list_text(items, 3), "a, b, c, d");
  EXPECT_EQ(list_text(items, 2), "a, b and 2 more");
}

TEST(IntentText, TellsDefaultFromIntent) {
  EXPECT_EQ(intent_text("allow", "rule"), "allow");
  EXPECT_EQ(intent_text("allow", "default allow"), "allow by default");
  EXPECT_EQ(intent_text("allow", "not enforced"), "allow by default");
  EXPECT_EQ(intent_style("allow", "rule"), Style::kPlain);
  EXPECT_EQ(intent_style("allow", "default allow"), Style::kDanger);
  EXPECT_EQ(intent_style("unknown", "unknown"), Style::kWarning);
}

TEST(OriginText, IsFileAndLineOrTheResourceVersion) {
  v1alpha1::PolicyRef policy;
  EXPECT_EQ(origin_text(policy), "");
  policy.set_resource_version("4711");
  EXPECT_EQ(origin_text(policy), "resourceVersion 4711");
  policy.set_file("db.yaml");
  policy.set_line(12);
  EXPECT_EQ(origin_text(policy), "db.yaml:12");
}

TEST(BytesText, KeepsFourDigits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(4096), "4 KiB");
  EXPECT_EQ(bytes_text(21U << 20U), "21 MiB");
  EXPECT_EQ(bytes_text(9000ULL << 30U), "9000 GiB");
}

}  // namespace
}  // namespace sextant::app::cli
