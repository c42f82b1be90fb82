"""What Sextant costs the traffic of a node, in a short form; the long one, with goals, is bench/run throughput."""

import support
import throughput
from support import NodeTest

PAIRS = 3
MILLISECONDS = 150
GROSS = 0.5  # the best of a few short pairs on a machine that does other things tells no more


class Throughputs(NodeTest):
    def test_traffic_is_as_fast_with_sextant_and_every_packet_of_it_is_in_the_books(self):
        measured = throughput.Throughput(self.sim, support.BUILD)
        self.addCleanup(self._end, measured.daemon)
        measured.run(PAIRS, MILLISECONDS)
        self.assertEqual(measured.errors, [])
        for each in measured.measured:
            ratios = [with_ / without for with_, without in zip(each.with_, each.without, strict=True)]
            print(f"       {each.case.name}: with / without {' '.join(f'{ratio:.2f}' for ratio in ratios)}", flush=True)
            self.assertGreater(max(ratios), GROSS, each.case.name)
