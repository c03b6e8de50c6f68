package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailpointsTest {
  @TempDir Path temp;

  @Test
  void firesAtItsPointAndKeyOnly() {
    Failpoints points = Failpoints.parse("task.nan:37:nan; driver.segment:5:throw");
    assertThat(points.hit("task.nan", 36)).isFalse();
    assertThat(points.hit("task.nan", 37)).isTrue();
    assertThatThrownBy(() -> points.hit("driver.segment", 5)).hasMessageContaining("failpoint");
  }

  @Test
  void aMarkerMakesItFireOnce() {
    Failpoints points = Failpoints.parse("a:1:nan:" + temp.resolve("marker"));
    assertThat(points.hit("a", 1)).isTrue();
    assertThat(points.hit("a", 1)).isFalse();
    assertThat(Failpoints.parse(points.text()).hit("a", 1)).isFalse();
  }

  @Test
  void aTypoIsAnError() {
    assertThatThrownBy(() -> Failpoints.parse("task.step:37"))
        .hasMessageContaining("point:key:action");
    assertThatThrownBy(() -> Failpoints.parse("a:1:explode").hit("a", 1))
        .hasMessageContaining("unknown failpoint action");
  }
}
