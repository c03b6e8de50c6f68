package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.tensor.Memory;
import org.junit.jupiter.api.Test;

/** A kernel that writes one byte too far is named; every op runs guarded in the plan tests. */
class GuardsTest {
  @Test
  void aByteOutsideIsFoundOnEitherSideAndNoneInside() {
    long start = Memory.allocate(256);
    try {
      for (long outside : new long[] {0, Guards.BYTES - 1, Guards.BYTES + 10, 255}) {
        Guards guards = new Guards();
        guards.around("y [5, 2]", start, start + Guards.BYTES, 10, start + 256);
        for (long i = 0; i < 10; i++) {
          Memory.putByte(start + Guards.BYTES + i, (byte) i);
        }
        assertThatCode(() -> guards.check("the kernel of y")).doesNotThrowAnyException();
        Memory.putByte(start + outside, (byte) 1);
        assertThatThrownBy(() -> guards.check("the kernel of y"))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("the kernel of y wrote outside its memory")
            .hasMessageContaining(outside < Guards.BYTES ? "before y [5, 2]" : "behind y [5, 2]");
      }
    } finally {
      Memory.free(start);
    }
  }
}
