/** The parts of the plot library that the plots use; leaving out the rest keeps the page small. */
import { LineChart, ScatterChart } from 'echarts/charts';
import { DataZoomInsideComponent, GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([LineChart, ScatterChart, GridComponent, DataZoomInsideComponent, CanvasRenderer]);

export type { ECharts, EChartsCoreOption } from 'echarts/core';
export { init };
