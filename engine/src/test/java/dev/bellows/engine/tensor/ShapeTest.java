package dev.bellows.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class ShapeTest {
  @Test
  void sizesAndNames() {
    assertThat(Shape.of(128, 784).toString()).isEqualTo("[128, 784]");
    assertThat(Shape.of(128, 784).size()).isEqualTo(128 * 784);
    assertThat(Shape.of(128, 784).dim(-1)).isEqualTo(784);
    assertThat(Shape.of()).isSameAs(Shape.SCALAR);
    assertThat(Shape.SCALAR.size()).isEqualTo(1);
    assertThat(Shape.of(70_000, 70_000).size()).isEqualTo(4_900_000_000L);
    assertThat(Shape.of(2, 0).size()).isZero();
  }

  @Test
  void isAValue() {
    int[] dims = {2, 3};
    Shape shape = Shape.of(dims);
    dims[0] = 9;
    shape.dims()[1] = 9;
    assertThat(shape).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
    assertThat(shape).isNotEqualTo(Shape.of(3, 2));
  }

  @Test
  void refusesWhatIsNoShape() {
    assertThatThrownBy(() -> Shape.of(2, -1)).hasMessageContaining("dimension 1 of shape [2, -1]");
    assertThatThrownBy(() -> Shape.of(2).dim(1)).hasMessageContaining("rank 1");
    assertThatThrownBy(() -> Shape.of(1 << 30, 1 << 30, 1 << 30))
        .isInstanceOf(ArithmeticException.class);
  }
}
