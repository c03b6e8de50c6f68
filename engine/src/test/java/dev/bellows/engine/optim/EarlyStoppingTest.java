package dev.bellows.engine.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EarlyStoppingTest {
  @Test
  @DisplayName("TRN-33 stops after patience epochs without improvement and names the best epoch")
  void stops_and_names_the_best() {
    EarlyStopping rule = EarlyStopping.start(false, 2, 0);
    double[] losses = {0.9, 0.5, 0.6, 0.4, 0.41, 0.42, 0.1};
    int epoch = 0;
    while (!rule.stop()) {
      rule = rule.observe(epoch, losses[epoch]);
      epoch++;
    }
    assertThat(epoch).isEqualTo(6);
    assertThat(rule.bestEpoch()).isEqualTo(3);
    assertThat(rule.best()).isEqualTo(0.4);
  }

  @Test
  void a_nan_score_never_wins_and_counts_as_no_improvement() {
    EarlyStopping rule = EarlyStopping.start(true, 2, 0).observe(0, Double.NaN);
    assertThat(rule.bestEpoch()).isEqualTo(-1);
    assertThat(rule.waited()).isEqualTo(1);
    assertThat(rule.observe(1, 0.3).observe(2, Double.NaN).best()).isEqualTo(0.3);
    assertThat(rule.observe(1, Double.NaN).stop()).isTrue();
  }

  @Test
  void an_improvement_below_min_delta_does_not_count() {
    EarlyStopping rule = EarlyStopping.start(true, 1, 0.01).observe(0, 0.90).observe(1, 0.905);
    assertThat(rule.stop()).isTrue();
    assertThat(rule.best()).isEqualTo(0.90);
  }

  @Test
  void wrong_numbers_are_refused() {
    assertThatThrownBy(() -> EarlyStopping.start(true, 0, 0))
        .hasMessage("patience: expected 1 or more, found 0");
  }
}
