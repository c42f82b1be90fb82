// What tests of packets call agent/datapath/packet_builder.h's.
#pragma once

#include "agent/datapath/packet_builder.h"

namespace sextant::test {

using namespace packets;

}  // namespace sextant::test
