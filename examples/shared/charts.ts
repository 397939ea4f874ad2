import { type EChartsOption, init } from 'echarts';

/** A point of a chart. */
export type Point = readonly [x: number, y: number];

/** Names and limits of the two axes of a chart. */
export interface Axes {
  readonly x: string;
  readonly y: string;
  readonly xRange?: readonly [low: number, high: number] | undefined;
  readonly yRange?: readonly [low: number, high: number] | undefined;
}

/** Points under one name. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** One line of a line chart. */
export interface Line extends Series {
  readonly color: string;
  readonly width?: number | undefined;
  readonly dashed?: boolean | undefined;
}

/** Okabe and Ito's colors, told apart with every kind of color vision. */
export const COLORS = { blue: '#0072b2', orange: '#d55e00', grey: '#8a94a3', ink: '#1d2430' } as const;

/** Classes differ in color and in shape, and their name stands at their center. */
const CLASS_COLORS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#b8860b',
  '#56b4e9',
  '#7b3294',
  '#8c510a',
  '#4d4d4d',
  '#e31a1c',
];
const CLASS_SHAPES = ['circle', 'triangle', 'rect', 'diamond'];

const WIDTH = 800;

const LEGEND = { top: 4, itemGap: 26, itemWidth: 14, itemHeight: 12, textStyle: { color: COLORS.ink, fontSize: 14 } };

/** Lines, with dots where something is marked. */
export function lineChart(
  lines: readonly Line[],
  marks: readonly (Series & { readonly color: string })[],
  axes: Axes,
): string {
  return draw(400, axes, {
    legend: { ...LEGEND, icon: 'roundRect' },
    series: [
      ...lines.map(({ name, points, color, width = 2, dashed = false }) => ({
        name,
        type: 'line' as const,
        data: points.map(([x, y]) => [x, y]),
        showSymbol: false,
        lineStyle: { color, width, type: dashed ? ('dashed' as const) : ('solid' as const) },
        itemStyle: { color },
      })),
      ...marks.map(({ name, points, color }) => ({
        name,
        type: 'scatter' as const,
        data: points.map(([x, y]) => [x, y]),
        symbolSize: 11,
        itemStyle: { color },
        z: 5,
      })),
    ],
  });
}

/** Distributions over the same bins, each point the middle of a bin, and a vertical line. */
export function histogram(
  groups: readonly (Series & { readonly color: string })[],
  mark: { readonly name: string; readonly x: number },
  axes: Axes,
): string {
  return draw(400, axes, {
    legend: { ...LEGEND, icon: 'roundRect' },
    series: groups.map(({ name, points, color }, i) => ({
      name,
      type: 'line' as const,
      step: 'middle' as const,
      data: points.map(([x, y]) => [x, y]),
      showSymbol: false,
      lineStyle: { color, width: 1.5 },
      itemStyle: { color },
      areaStyle: { color, opacity: 0.3 },
      ...(i === 0
        ? {
            markLine: {
              symbol: 'none',
              silent: true,
              data: [{ xAxis: mark.x }],
              lineStyle: { color: COLORS.ink, width: 2, type: 'dashed' as const },
              label: { formatter: mark.name, color: COLORS.ink, fontSize: 13, position: 'end' as const },
            },
          }
        : {}),
    })),
  });
}

/** A map of points by class; each class is named at the middle of its points. */
export function classMap(classes: readonly Series[], axes: Axes): string {
  const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
  return draw(560, axes, {
    legend: LEGEND,
    series: [
      ...classes.map(({ name, points }, i) => ({
        name,
        type: 'scatter' as const,
        data: points.map(([x, y]) => [x, y]),
        symbol: CLASS_SHAPES[i % CLASS_SHAPES.length],
        symbolSize: 7,
        itemStyle: { color: CLASS_COLORS[i % CLASS_COLORS.length], opacity: 0.55 },
      })),
      {
        type: 'scatter' as const,
        data: classes.map(({ name, points }, i) => ({
          value: [middle(points.map(([x]) => x)), middle(points.map(([, y]) => y))],
          label: { formatter: name, color: CLASS_COLORS[i % CLASS_COLORS.length] },
        })),
        symbolSize: 1,
        itemStyle: { color: 'transparent' },
        z: 10,
        label: { show: true, fontSize: 24, fontWeight: 'bold', textBorderColor: '#fff', textBorderWidth: 4 },
      },
    ],
  });
}

/** Draws a chart as SVG text. */
function draw(height: number, { x, y, xRange, yRange }: Axes, option: EChartsOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const axis = (name: string, range: Axes['xRange'], nameGap: number) => ({
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap,
    nameTextStyle: { color: COLORS.ink, fontSize: 14 },
    axisLabel: { color: COLORS.ink, fontSize: 13 },
    axisLine: { show: true, onZero: false, lineStyle: { color: COLORS.grey } },
    splitLine: { lineStyle: { color: '#e6e9ee' } },
    scale: range === undefined,
    ...(range === undefined ? {} : { min: range[0], max: range[1] }),
  });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 70, right: 24, top: 56, bottom: 56 },
    xAxis: axis(x, xRange, 34),
    yAxis: axis(y, yRange, 48),
    ...option,
  });
  const svg = chart.renderToSVGString();
  // Without this the chart's clock would keep the program alive.
  chart.dispose();
  return svg;
}
