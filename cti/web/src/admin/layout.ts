// Where the boxes of a flow stand: dagre's layers from top to bottom; ways back to the same box are drawn as arcs by hand.
import dagre from '@dagrejs/dagre'
import type { Arrow, Box, Picture } from './types'

export const WIDTH = 184
export const HEIGHT = 62
const LOOP = 34

export interface PlacedBox extends Box {
  x: number
  y: number
}
export interface PlacedArrow extends Arrow {
  path: string
  labelX: number
  labelY: number
  label: string
}
export interface Layout {
  width: number
  height: number
  boxes: PlacedBox[]
  arrows: PlacedArrow[]
}

function smooth(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  let path = `M${first.x},${first.y}`
  rest.forEach((point, at) => {
    const next = rest[at + 1]
    if (next) path += ` Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`
    else path += ` L${point.x},${point.y}`
  })
  return path
}

export function layOut(picture: Picture): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: false })
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 46, marginx: 16, marginy: 16 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const box of picture.boxes) graph.setNode(box.id, { width: WIDTH, height: HEIGHT })
  for (const arrow of picture.arrows) {
    if (arrow.begin === arrow.end) continue
    const label = labelOf(arrow)
    graph.setEdge(arrow.begin, arrow.end, { width: label ? label.length * 13 + 8 : 0, height: label ? 18 : 0, labelpos: 'c' })
  }
  dagre.layout(graph)
  const boxes = picture.boxes.map((box) => ({ ...box, x: graph.node(box.id).x ?? 0, y: graph.node(box.id).y ?? 0 }))
  const at = new Map(boxes.map((box) => [box.id, box]))
  const arrows = picture.arrows.map((arrow): PlacedArrow => {
    const label = labelOf(arrow)
    if (arrow.begin === arrow.end) {
      const box = at.get(arrow.begin)!
      const right = box.x + WIDTH / 2
      const path = `M${right},${box.y - 14} C${right + LOOP},${box.y - 26} ${right + LOOP},${box.y + 26} ${right},${box.y + 14}`
      return { ...arrow, label, path, labelX: right + LOOP, labelY: box.y + 4 }
    }
    const edge = graph.edge(arrow.begin, arrow.end)
    const points = (edge.points ?? []) as { x: number; y: number }[]
    const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 }
    return { ...arrow, label, path: smooth(points), labelX: edge.x ?? middle.x, labelY: (edge.y ?? middle.y) + 4 }
  })
  const size = graph.graph()
  return { width: (size.width ?? 0) + LOOP + 40, height: size.height ?? 0, boxes, arrows }
}

function labelOf(arrow: Arrow): string {
  const label = arrow.labels.join('、')
  return label.length > 14 ? `${label.slice(0, 13)}…` : label
}
