// Command oracle says what Cilium's own policy engine decides: it reads scenarios, one JSON object a line, and writes
// them with the verdict of the release that it is built against added to every check. See README.md.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
)

var (
	logger     = slog.New(slog.DiscardHandler)
	background = context.Background()
)

func main() {
	rounds := flag.Int("rounds", 5, "evaluations of each scenario; a verdict that varies is left out")
	verbose := flag.Bool("v", false, "Cilium's own log to standard error")
	flag.Parse()
	if *verbose {
		logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if err := run(os.Stdin, os.Stdout, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, rounds int) error {
	if err := parseLabelFilter(); err != nil {
		return err
	}
	if err := initRegexes(); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriter(out)
	defer writer.Flush()
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			answered, err := answer(line, rounds)
			if err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
			if _, err := writer.Write(append(answered, '\n')); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// The scenario of `line` evaluated `rounds` times, each from nothing: Go walks maps in another order every time.
func answer(line []byte, rounds int) ([]byte, error) {
	s, err := readScenario(line)
	if err != nil {
		return nil, err
	}
	if !supported(s) {
		return s.line(make([]string, len(s.checks)), nil)
	}
	setOptions(s.cluster)
	c, err := newCluster(s)
	if err != nil {
		return nil, err
	}
	var verdicts, invalid []string
	for round := range rounds {
		now, refused, err := evaluate(s, c)
		if err != nil {
			return nil, err
		}
		if round == 0 {
			verdicts, invalid = now, refused
			continue
		}
		for i := range now {
			if now[i] != verdicts[i] {
				verdicts[i] = ""
			}
		}
	}
	return s.line(verdicts, invalid)
}

// Each check is decided by the agent of the node that it ends on.
func evaluate(s *scenario, c *cluster) (verdicts, invalid []string, err error) {
	byNode := map[string][]int{}
	for i, one := range s.checks {
		node := c.nodeOf(one.To, s.cluster.Node)
		byNode[node] = append(byNode[node], i)
	}
	verdicts = make([]string, len(s.checks))
	for node, checks := range byNode {
		a, err := newAgent(s, c, node)
		if err != nil {
			return nil, nil, err
		}
		for _, i := range checks {
			if verdicts[i], err = a.verdict(s.checks[i]); err != nil {
				return nil, nil, err
			}
		}
		invalid = a.invalid
		a.close()
	}
	return verdicts, invalid, nil
}
