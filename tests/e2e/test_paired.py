"""bench/paired.py: what the throughput test concludes from its pairs."""

import math
import random
import unittest

import paired


class Paired(unittest.TestCase):
    def test_the_counts_of_signed_ranks_are_those_of_the_tables(self):
        self.assertEqual(paired.signed_rank_counts(3), [1, 1, 1, 2, 1, 1, 1])
        self.assertEqual(sum(paired.signed_rank_counts(20)), 2 ** 20)

    def test_the_depth_is_that_of_the_tables_for_two_sides_and_five_percent(self):
        # Critical values of Wilcoxon's signed-rank test: 0, 8, 25, 52, 89 and 137; the interval begins one after.
        for pairs, critical in ((6, 0), (10, 8), (15, 25), (20, 52), (25, 89), (30, 137)):
            with self.subTest(pairs=pairs):
                at, attained = paired.depth(pairs, 0.95)
                self.assertEqual(at, critical + 1)
                self.assertGreaterEqual(attained, 0.95)

    def test_too_few_pairs_say_that_they_are_too_few(self):
        told = paired.interval([1.0, 2.0, 3.0])
        self.assertEqual((told.estimate, told.low, told.high), (2.0, 1.0, 3.0))
        self.assertAlmostEqual(told.confidence, 0.75)
        self.assertEqual(paired.interval([1.0]).confidence, 0.0)
        with self.assertRaises(ValueError):
            paired.interval([])

    def test_the_interval_of_known_differences_is_right(self):
        # Averages of two of 1..6: the smallest and the largest, and 3.5 in the middle.
        told = paired.interval([4, 1, 6, 3, 2, 5])
        self.assertEqual((told.estimate, told.low, told.high), (3.5, 1, 6))

    def test_one_disturbed_pair_moves_it_little(self):
        calm = paired.ratio([99.0 + i % 3 for i in range(20)], [100.0] * 20)
        disturbed = paired.ratio([99.0 + i % 3 for i in range(19)] + [5.0], [100.0] * 20)
        self.assertLess(abs(calm.estimate - disturbed.estimate), 0.005)

    def test_it_covers_the_truth_as_often_as_it_says(self):
        chance, hits, rounds = random.Random(7), 0, 1000
        for _ in range(rounds):
            told = paired.interval([0.99 + chance.gauss(0, 0.05) * (5 if chance.random() < 0.1 else 1) for _ in range(12)])
            hits += told.low <= 0.99 <= told.high
        self.assertGreater(hits / rounds, 0.93)
        self.assertLess(hits / rounds, 0.98)

    def test_a_ratio_and_its_inverse_agree(self):
        with_, without = [1.0, 2.0, 3.5, 4.0, 2.5, 2.0, 9.0], [1.5, 2.0, 3.0, 4.5, 2.0, 2.5, 8.0]
        one, other = paired.ratio(with_, without), paired.ratio(without, with_)
        self.assertTrue(math.isclose(one.estimate * other.estimate, 1))
        self.assertTrue(math.isclose(one.low * other.high, 1))
