#include "agent/app/names.h"

#include <gtest/gtest.h>

namespace sextant::app {
namespace {

TEST(Destination, IsAnEndpointAServiceOrAnAddress) {
  EXPECT_EQ(std::get<policy::Subject>(destination_from("shop/db").value()).ns, "shop");
  EXPECT_EQ(std::get<policy::Subject>(destination_from("node/n1").value()).kind, policy::Subject::Kind::kNode);
  EXPECT_EQ(std::get<EndpointRef>(destination_from("service/shop/db").value()).to_string(), "service/shop/db");
  EXPECT_EQ(std::get<IpAddress>(destination_from("2001:db8::1").value()), IpAddress::parse("2001:db8::1").value());
}

TEST(Destination, InANamespaceCalledServiceIsNoService) {
  EXPECT_EQ(std::get<policy::Subject>(destination_from("service/web").value()).name, "web");
  const auto web = std::get<policy::Subject>(destination_from("service/Deployment/web").value());
  EXPECT_EQ(web.kind, policy::Subject::Kind::kWorkload);
}

TEST(Destination, ThatIsNoneSaysWhatIsExpected) {
  for (const char* text : {"", "db", "service//db", "service/shop/", "/db"})
    EXPECT_NE(destination_from(text).error().what.find("expected"), std::string::npos) << text;
}

}  // namespace
}  // namespace sextant::app
