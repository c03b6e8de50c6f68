package dev.bellows.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.tensor.Shape;
import org.junit.jupiter.api.Test;

final class BroadcastShapeTest {
  @Test
  void joinsNeighboursThatAreReadAlike() {
    assertThat(BroadcastShape.of(Shape.of(4, 5, 6), Shape.of(4, 5, 6)).values())
        .containsExactly(1, 1, 1, 120, 0, 0, 0, 1, 0, 0, 0, 1);
    assertThat(BroadcastShape.of(Shape.of(4, 5, 6), Shape.of(6)).values())
        .containsExactly(1, 1, 20, 6, 0, 0, 6, 1, 0, 0, 0, 1);
    assertThat(BroadcastShape.of(Shape.of(4, 1), Shape.of(1, 6)).values())
        .containsExactly(1, 1, 4, 6, 0, 0, 1, 0, 0, 0, 0, 1);
    assertThat(BroadcastShape.of(Shape.SCALAR, Shape.of(1, 1)).values())
        .containsExactly(1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> BroadcastShape.of(Shape.of(4, 5), Shape.of(4)))
        .hasMessageContaining("[4, 5] and [4] do not broadcast: 5 against 4");
    assertThatThrownBy(() -> BroadcastShape.of(Shape.of(2, 1, 2, 1, 2), Shape.of(1, 2, 1, 2, 1)))
        .hasMessageContaining("at most 4");
  }
}
