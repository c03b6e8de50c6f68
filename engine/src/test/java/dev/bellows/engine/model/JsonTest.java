package dev.bellows.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void trees_survive_the_round_trip_and_equal_trees_give_equal_bytes() throws Exception {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("z", List.of(1L, -2L, Long.MAX_VALUE, 0.1, 1e300, -0.0));
    tree.put("a", Map.of("k2", "v\u0000\n\"\\\u2028 ü 😀", "k1", true));
    tree.put("none", null);
    tree.put("empty", Map.of());
    tree.put("nothing", List.of());
    String text = Json.pretty(tree);
    assertThat(Json.parseObject(text, "t")).isEqualTo(tree);
    assertThat(Json.pretty(Json.parseObject(text, "t"))).isEqualTo(text);
    assertThat(text)
        .startsWith("{\n  \"z\": [\n    1,\n")
        .endsWith("}\n")
        .contains("\"k1\": true,\n    \"k2\"");
    assertThat(Json.compact(Map.of("b", 1, "a", 2.5f))).isEqualTo("{\"a\":2.5,\"b\":1}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{}x",
        "{} {}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{a:1}",
        "{'a':1}",
        "[1,]",
        "[NaN]",
        "[Infinity]",
        "[-Infinity]",
        "[1e999]",
        "[12345678901234567890]",
        "[01]",
        "[+1]",
        "[.5]",
        "[1.]",
        "[\"\n\"]",
        "[\"\\x\"]",
        "// c\n1",
        "/* c */1",
        "[tru]",
        "\"\\ud800"
      })
  void what_is_not_strict_json_is_refused_in_one_line(String text) {
    assertThatThrownBy(
            () -> Json.parse(text.getBytes(StandardCharsets.UTF_8), "f.json", Json.Limits.DEFAULT))
        .isInstanceOf(ModelFileException.class)
        .hasMessageStartingWith("f.json")
        .hasMessageNotContaining("\n");
  }

  @Test
  void fault_41_depth_length_and_number_of_values_are_bounded() {
    assertThatThrownBy(() -> parse("[".repeat(5000))).isInstanceOf(ModelFileException.class);
    assertThatThrownBy(() -> parse("[" + "{\"a\":".repeat(70)))
        .isInstanceOf(ModelFileException.class);
    assertThatThrownBy(() -> parse("[" + "0,".repeat(1_000_000) + "0]"))
        .hasMessageContaining("too many values");
    assertThatThrownBy(() -> parse("[" + "[],".repeat(130_000) + "0]"))
        .hasMessageContaining("too many values");
    assertThatThrownBy(() -> parse("\"" + "x".repeat((1 << 20) + 1) + "\""))
        .isInstanceOf(ModelFileException.class);
    assertThatThrownBy(() -> parse("[" + "1".repeat(100) + "]"))
        .isInstanceOf(ModelFileException.class);
    byte[] large = new byte[(16 << 20) + 1];
    Arrays.fill(large, (byte) ' ');
    assertThatThrownBy(() -> Json.parse(large, "f", Json.Limits.DEFAULT))
        .hasMessageContaining("at most 16777216 bytes");
  }

  private static Object parse(String text) throws ModelFileException {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), "f", Json.Limits.DEFAULT);
  }

  @Test
  void bad_utf8_is_refused() {
    for (byte[] bytes :
        new byte[][] {
          {'"', (byte) 0xff, '"'},
          {'"', (byte) 0xc0, (byte) 0x80, '"'},
          {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'}
        }) {
      assertThatThrownBy(() -> Json.parse(bytes, "f", Json.Limits.DEFAULT))
          .hasMessageContaining("not UTF-8");
    }
  }

  @Test
  void typed_access_names_the_place() {
    assertThatThrownBy(() -> Json.integer(1.5, "model.json seed"))
        .hasMessage("model.json seed: expected a whole number, found 1.5");
    assertThatThrownBy(() -> Json.object(List.of(), "x"))
        .hasMessage("x: expected a JSON object, found an array");
    assertThatThrownBy(() -> Json.string(null, "x")).hasMessage("x: expected a string, found null");
    assertThatThrownBy(() -> Json.number("a\nb", "x"))
        .hasMessage("x: expected a number, found \"a b\"");
  }

  @Test
  void what_json_can_not_hold_is_not_written() {
    assertThatThrownBy(() -> Json.pretty(List.of(Double.NaN))).hasMessageContaining("NaN");
    assertThatThrownBy(() -> Json.pretty(new Object())).hasMessageContaining("java.lang.Object");
  }
}
