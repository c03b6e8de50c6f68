package dev.bellows.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SpaceKeysTest {
  private final List<Problem> problems = new ArrayList<>();

  private Object bind(String yaml) {
    Tree tree = Objects.requireNonNull(YamlReader.read("search.yaml", yaml, problems));
    Binding binding = new Binding("search.yaml", new Section(), problems);
    return new SpaceKeys().bind(tree, "search.space", binding);
  }

  @Test
  @SuppressWarnings("unchecked") // bound maps have string keys
  void theSpaceOfTheDocumentationIsRead() {
    Object bound =
        bind(
            """
            model.depth: {int: [3, 10]}
            model.learning_rate: {log: [0.01, 0.3]}
            model.subsample: {uniform: [0.5, 1.0]}
            model.bins: {choice: [63, 127, 255]}
            model.kind: {choice: [gbdt, "7", 7, null, true, [1, 2], {a: 0.5}]}
            model.trees: {log_int: [10, 1000], when: {model.kind: gbdt, model.bins: [63, 127]}}
            """);
    assertThat(problems).isEmpty();
    SearchSpace space = SearchSpace.fromTree((Map<String, ?>) bound);
    assertThat(space.toTree()).isEqualTo(bound);
    assertThat(space.dimension()).isEqualTo(6);
    assertThat(bound.toString())
        .contains("model.kind={choice=[gbdt, 7, 7, null, true, [1, 2], {a=0.5}]}");
    assertThat(new SpaceKeys().schema()).containsKey("additionalProperties");
  }

  @Test
  void everyProblemHasItsPlaceAndAReason() {
    bind(
        """
        a: {int: [3, 1]}
        b: {unifrom: [0, 1]}
        c: 5
        d: {log: [1, 0x10]}
        e: {choice: [1, 1]}
        """);
    assertThat(problems.stream().map(p -> p.line() + ":" + p.column() + " " + p.key()))
        .containsExactly(
            "1:4 search.space.a",
            "2:5 search.space.b.unifrom",
            "3:4 search.space.c",
            "4:4 search.space.d",
            "5:4 search.space.e");
    assertThat(problems.stream().map(Problem::message))
        .containsExactly(
            "expected low <= high, found [3, 1]",
            "unknown key; did you mean uniform?",
            "expected a mapping such as {uniform: [0, 1]}, found \"5\"",
            "expected a number or text, found \"0x10\"; write it in decimal",
            "1 is given twice");
  }

  @Test
  void conditionsOfTheWholeSpaceAreCheckedToo() {
    bind("a: {int: [1, 3], when: {b: 1}}\n");
    assertThat(problems).hasSize(1);
    assertThat(problems.get(0).message()).contains("names b, which is no parameter");
    problems.clear();
    bind("[1, 2]");
    assertThat(problems.get(0).message()).contains("expected a mapping of keys to ranges");
  }
}
