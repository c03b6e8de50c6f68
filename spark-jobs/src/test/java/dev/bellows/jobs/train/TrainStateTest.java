package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.optim.EarlyStopping;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainStateTest {
  private static TrainState some() {
    TrainState state = new TrainState();
    state.step = 41;
    state.epochSums[0] = 12.5;
    state.epochSums[1] = 0.1 + 0.2;
    state.epochSums[3] = 640;
    Map<String, Double> row = new LinkedHashMap<>();
    row.put("epoch", 1.0);
    row.put("loss", 1.0 / 3);
    state.history.add(row);
    state.earlyStopping = EarlyStopping.start(true, 3, 0.01).observe(1, 0.5).observe(2, 0.4);
    state.bestScore = 0.5;
    state.bestEpoch = 1;
    state.bestStep = 20;
    state.skipped = 2;
    state.firstLoss = 2.302585092994046;
    return state;
  }

  @Test
  void survivesJsonBitForBit() throws Exception {
    Map<String, Object> fingerprint = Map.of("data", "9f31c2ab");
    String text = Json.pretty(some().toTree(fingerprint));
    TrainState back =
        TrainState.fromTree(
            new LinkedHashMap<>(Json.parseObject(text, "state.json")),
            EarlyStopping.start(true, 3, 0.01));
    assertThat(Json.pretty(back.toTree(fingerprint))).isEqualTo(text);
    assertThat(back.earlyStopping).isEqualTo(some().earlyStopping);
    assertThat(back.epochSums).containsExactly(some().epochSums);
  }

  /** A resumed run must not take the loss of its own first step, which is small, for the first. */
  @Test
  void theFirstLossIsRememberedSoThatResumedRunsDivergeAtTheSameBound() throws Exception {
    Map<String, Object> tree = Json.parseObject(Json.pretty(some().toTree(Map.of())), "state.json");
    assertThat(tree).containsEntry("first_loss", 2.302585092994046);
    TrainState back = TrainState.fromTree(new LinkedHashMap<>(tree), null);
    assertThat(back.firstLoss).isEqualTo(2.302585092994046);
    assertThat(new Divergence(back.firstLoss).observe(41, 2e4)).isNull();
    assertThat(new Divergence(back.firstLoss).observe(41, 2.4e4)).contains("step 41");
    tree.put("first_loss", null);
    assertThat(TrainState.fromTree(new LinkedHashMap<>(tree), null).firstLoss).isNaN();
  }

  @Test
  void aNewerFormatIsRefused() {
    Map<String, Object> tree = some().toTree(Map.of());
    tree.put("format_version", 99L);
    assertThatThrownBy(() -> TrainState.fromTree(tree, null)).hasMessageContaining("version 99");
  }

  @Test
  void divergenceIsFoundByNaNAndByExplosion() {
    Divergence rule = new Divergence(Double.NaN);
    assertThat(rule.observe(0, 2.3)).isNull();
    assertThat(rule.observe(1, 25)).isNull();
    assertThat(rule.observe(2, 3e4)).contains("step 2");
    assertThat(new Divergence(2.3).observe(7, Double.NaN)).contains("NaN at step 7");
    assertThat(Divergence.advice(1e6)).contains("learning rate");
  }

  @Test
  void fault_37_aChangedConfigurationIsRefusedWithADiff() {
    Map<String, Object> was =
        Fingerprint.of(
            Map.of("trainer.epochs", "10", "seed", "7", "distributed.workers", "2"),
            Fingerprint.ofData("aa", "v", ""),
            "plain",
            "0.1");
    Map<String, Object> is =
        Fingerprint.of(
            Map.of("trainer.epochs", "20", "seed", "7", "distributed.workers", "4"),
            Fingerprint.ofData("bb", "v", ""),
            "plain",
            "0.1");
    assertThat(Fingerprint.differences(was, is, List.of()))
        .containsExactly("trainer.epochs: was 10, is 20", "data: was aa, is bb");
    assertThat(Fingerprint.differences(was, is, List.of("trainer", "data"))).isEmpty();
    assertThatThrownBy(() -> Fingerprint.requireSame(was, is, List.of("data"), "runs/a"))
        .hasMessageContaining("trainer.epochs: was 10, is 20")
        .hasMessageContaining("--allow-change");
  }

  @Test
  void fault_37_changedHeldOutSourcesAreNamedAndAllowedByName() {
    Map<String, Object> was = Fingerprint.of(Map.of(), Fingerprint.ofData("t", "v", "w"), "k", "1");
    Map<String, Object> is = Fingerprint.of(Map.of(), Fingerprint.ofData("t", "V", "W"), "k", "1");
    assertThat(Fingerprint.differences(was, is, List.of()))
        .containsExactly("data.validation: was v, is V", "data.test: was w, is W");
    assertThat(Fingerprint.differences(was, is, List.of("data.test")))
        .containsExactly("data.validation: was v, is V");
    assertThat(Fingerprint.differences(was, is, List.of("data"))).isEmpty();
    assertThatThrownBy(() -> Fingerprint.requireSame(was, is, List.of(), "runs/a"))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DATA));
  }
}
